-- What people and agents are called, and their pictures.
CREATE TABLE IF NOT EXISTS messaging.profiles (
    member_id    text PRIMARY KEY,
    -- NULL: they have chosen none.
    display_name text,
    -- An mxc:// address.
    avatar_url   text,
    -- Since when it is so, as the homeserver tells it, or the API, once it has told the homeserver.
    changed_at   timestamptz NOT NULL,
    -- The channel whose room told it; NULL: the API did.
    told_by      uuid,
    -- What the API tells the homeserver, and since when; NULL once the homeserver has all of it. '-infinity': it is not under
    -- way any more, and the homeserver may have it or not.
    wanted       jsonb,
    wanted_at    timestamptz
);

-- Whether they were in before they were invited again: whoever was ever in is known to those who see the channel.
ALTER TABLE public.channel_members ADD COLUMN IF NOT EXISTS was_in boolean NOT NULL DEFAULT false;

-- Everybody's channels, also those that they have left.
CREATE INDEX IF NOT EXISTS channel_members_person ON public.channel_members (member_id, channel_id) WHERE joined_at IS NOT NULL OR was_in;
