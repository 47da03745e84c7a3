-- Links that show what they are.

-- Whether links of the channel's messages do; NULL: as its visibility says.
ALTER TABLE public.channels ADD COLUMN IF NOT EXISTS link_previews boolean;

-- What the message shows of its links, in their order; NULL: nothing. It is made of message_previews, and stands here because
-- every document of a message has it.
ALTER TABLE public.messages ADD COLUMN IF NOT EXISTS previews jsonb;

-- The links of a message, three at most, and those whose preview was taken out: it does not come back.
CREATE TABLE IF NOT EXISTS messaging.message_previews (
    id            uuid PRIMARY KEY,
    message_id    uuid NOT NULL REFERENCES public.messages (id) ON DELETE CASCADE,
    channel_id    uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE,
    -- ASCII, at most 2,000 characters, so that an index can hold it.
    url           text NOT NULL,
    -- Its place among the message's links.
    place         integer NOT NULL,
    -- Since when it waits for its page. NULL: it does not.
    waiting_since timestamptz,
    removed_at    timestamptz,
    -- What is shown of its page, as link_pages has it. NULL: nothing (yet).
    page          jsonb,
    -- The picture of it, an mxc:// address.
    image_uri     text,
    UNIQUE (message_id, url)
);
CREATE INDEX IF NOT EXISTS message_previews_queue ON messaging.message_previews (waiting_since)
    WHERE waiting_since IS NOT NULL;
CREATE INDEX IF NOT EXISTS message_previews_link ON messaging.message_previews (url) WHERE waiting_since IS NOT NULL;
CREATE INDEX IF NOT EXISTS message_previews_channel ON messaging.message_previews (channel_id)
    WHERE waiting_since IS NOT NULL;
CREATE INDEX IF NOT EXISTS message_previews_image ON messaging.message_previews (image_uri, channel_id)
    WHERE image_uri IS NOT NULL;

-- Pages as they were read, for a day; and who is reading one.
CREATE TABLE IF NOT EXISTS messaging.link_pages (
    url        text PRIMARY KEY,
    -- As the address names it, for the pause between two reads of a host.
    host       text NOT NULL,
    claimed_at timestamptz NOT NULL DEFAULT now(),
    -- Until then nobody else reads it. NULL: nobody does.
    lease_until timestamptz,
    attempts   integer NOT NULL DEFAULT 0,
    -- {title, description, site_name, image: {content_uri, content_type, width, height}}; NULL: there is nothing to show.
    page       jsonb,
    -- Until then it is known.
    expires_at timestamptz NOT NULL DEFAULT '-infinity'
);
CREATE INDEX IF NOT EXISTS link_pages_host ON messaging.link_pages (host, claimed_at);
CREATE INDEX IF NOT EXISTS link_pages_age ON messaging.link_pages (greatest(expires_at, claimed_at));
