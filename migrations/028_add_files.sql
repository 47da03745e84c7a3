-- Files: what messages carry, and who brought content to the homeserver's repository through the API.

-- Content that the API has uploaded (mxc://server_name/media_id).
CREATE TABLE IF NOT EXISTS messaging.uploads (
    server_name  text NOT NULL,
    media_id     text NOT NULL,
    uploader_id  text NOT NULL,
    -- For which channel it was uploaded, and its microDAO.
    channel_id   uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE,
    microdao_id  text NOT NULL,
    filename     text,
    -- As its first bytes say.
    content_type text NOT NULL,
    -- Bytes.
    size         bigint NOT NULL,
    -- In hexadecimal digits.
    sha256       text NOT NULL,
    -- Whether the channel was encrypted then: it is ciphertext, for everybody who reads the channel.
    is_encrypted boolean NOT NULL DEFAULT false,
    created_at   timestamptz NOT NULL DEFAULT now(),
    -- Since when a message of the uploader with this content is deleted: it is not theirs to read by the upload any more, and
    -- goes as soon as nothing shows it.
    released_at  timestamptz,
    PRIMARY KEY (server_name, media_id)
);
CREATE INDEX IF NOT EXISTS uploads_of_uploader ON messaging.uploads (uploader_id, created_at);
CREATE INDEX IF NOT EXISTS uploads_of_microdao ON messaging.uploads (microdao_id, created_at);

-- The file of a message, as the message shows it. It goes with the message's deletion: where there is a row, somebody who may
-- read the channel may read its content.
CREATE TABLE IF NOT EXISTS messaging.message_files (
    message_id    uuid PRIMARY KEY REFERENCES public.messages (id) ON DELETE CASCADE,
    channel_id    uuid NOT NULL REFERENCES public.channels (id) ON DELETE CASCADE,
    -- mxc:// addresses.
    content_uri   text NOT NULL,
    thumbnail_uri text,
    -- The whole of it, as documents have it.
    file          jsonb NOT NULL,
    -- Content that an edit has replaced: Matrix has it until the message is deleted. At most 20.
    former_uris   text[] NOT NULL DEFAULT '{}'
);
CREATE INDEX IF NOT EXISTS message_files_content ON messaging.message_files (content_uri, channel_id);
CREATE INDEX IF NOT EXISTS message_files_thumbnail ON messaging.message_files (thumbnail_uri, channel_id)
    WHERE thumbnail_uri IS NOT NULL;
CREATE INDEX IF NOT EXISTS message_files_former ON messaging.message_files USING gin (former_uris) WHERE former_uris <> '{}';

-- Whose picture a content is.
CREATE INDEX IF NOT EXISTS channels_avatar ON public.channels (avatar_url) WHERE avatar_url IS NOT NULL;
CREATE INDEX IF NOT EXISTS profiles_avatar ON messaging.profiles (avatar_url) WHERE avatar_url IS NOT NULL;

-- Content that nothing shows any more, which the homeserver has still to delete.
CREATE TABLE IF NOT EXISTS messaging.content_to_delete (
    content_uri        text NOT NULL,
    -- The Matrix id whose upload it has to be; empty where it is known who brought it.
    uploader_matrix_id text NOT NULL,
    noted_at           timestamptz NOT NULL DEFAULT now(),
    due_at             timestamptz NOT NULL,
    tries              integer NOT NULL DEFAULT 0,
    PRIMARY KEY (content_uri, uploader_matrix_id)
);
CREATE INDEX IF NOT EXISTS content_to_delete_due ON messaging.content_to_delete (due_at);

-- Pictures that somebody chose for themselves or for a channel without being able to read them: they show nobody the content.
CREATE TABLE IF NOT EXISTS messaging.unreadable_pictures (
    -- A member_id, or a channel's id.
    holder_id   text NOT NULL,
    content_uri text NOT NULL,
    noted_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (holder_id, content_uri)
);
