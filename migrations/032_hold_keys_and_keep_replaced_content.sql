-- A request with an Idempotency-Key holds it for as long as it may last, and only its own run ends it.
ALTER TABLE messaging.idempotency_keys ADD COLUMN IF NOT EXISTS run_id uuid;
-- NULL: of an earlier version, which holds its keys for a minute.
ALTER TABLE messaging.idempotency_keys ADD COLUMN IF NOT EXISTS held_until timestamptz;

-- Content of a message that an edit has replaced, or that an edit brought which was taken back while Matrix was away: Matrix may
-- have it until the message is deleted, and then it goes. Nobody reads it by the message.
CREATE TABLE IF NOT EXISTS messaging.replaced_content (
    message_id  uuid NOT NULL REFERENCES public.messages (id) ON DELETE CASCADE,
    channel_id  uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE,
    -- An mxc:// address.
    content_uri text NOT NULL,
    -- The message is deleted, and this and what else it has here has still to be released. Set in one row of a message at most.
    goes_on     boolean NOT NULL DEFAULT false,
    PRIMARY KEY (message_id, content_uri)
);
CREATE INDEX IF NOT EXISTS replaced_content_uri ON messaging.replaced_content (content_uri);
CREATE INDEX IF NOT EXISTS replaced_content_channel ON messaging.replaced_content (channel_id);
CREATE INDEX IF NOT EXISTS replaced_content_goes_on ON messaging.replaced_content (message_id) WHERE goes_on;
-- In place of message_files.former_uris, which is read no more.
INSERT INTO messaging.replaced_content (message_id, channel_id, content_uri)
SELECT DISTINCT f.message_id, f.channel_id, former.uri FROM messaging.message_files f, unnest(f.former_uris) former (uri)
WHERE f.former_uris <> '{}' AND former.uri IS NOT NULL
ON CONFLICT DO NOTHING;

-- Whether a page that is known shows a picture.
CREATE INDEX IF NOT EXISTS link_pages_picture ON messaging.link_pages ((page #>> '{image,content_uri}'))
    WHERE page #>> '{image,content_uri}' IS NOT NULL;
