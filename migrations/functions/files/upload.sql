-- Uploading a file: prepare_upload before its bytes are read, record_upload when the homeserver has them, cancel_upload
-- where it has them not.

-- How many KiB a file counts as. No file is larger than 64 GiB: homeservers take much less.
CREATE FUNCTION messaging.kib_of(p_size bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT greatest(least(p_size, 68719476736) + 1023, 1024) / 1024
$$;

-- Takes an upload's size from what its caller and its microDAO may upload in a time; p_quotas is
-- {"scope": "person", "caller": [KiB, seconds], "microdao": [KiB, seconds]}. The refusal tells which one is used up.
CREATE FUNCTION messaging.upload_quota_refusal(
    p_caller text, p_microdao_id text, p_size bigint, p_quotas jsonb, OUT refusal messaging.refusal, OUT details json
) LANGUAGE plpgsql AS $$
DECLARE
    mine jsonb := p_quotas -> 'caller';
    shared jsonb := p_quotas -> 'microdao';
    amount bigint := messaging.kib_of(p_size);
    full_one jsonb;
    whose text := p_quotas ->> 'scope';
    taken record;
BEGIN
    IF mine IS NOT NULL THEN
        taken := messaging.take_from_limit('upload_bytes', p_caller, (mine ->> 0)::bigint, (mine ->> 1)::bigint, amount);
        IF NOT taken.is_taken THEN
            full_one := mine;
        END IF;
    END IF;
    IF full_one IS NULL AND shared IS NOT NULL THEN
        taken := messaging.take_from_limit(
            'upload_bytes', p_microdao_id, (shared ->> 0)::bigint, (shared ->> 1)::bigint, amount);
        IF NOT taken.is_taken THEN
            full_one := shared;
            whose := 'microdao';
            PERFORM messaging.give_back('upload_bytes', p_caller, mine, amount);
        END IF;
    END IF;
    IF full_one IS NOT NULL THEN
        PERFORM messaging.count_hit('upload_bytes', whose);
        refusal := 'upload_quota_exceeded';
        details := json_build_object(
            'policy', 'upload-kib-' || whose,
            'quota', full_one -> 0, 'seconds', full_one -> 1, 'remaining', 0, 'more_in', taken.more_in);
    END IF;
END
$$;

-- Whether the caller may write in the channel, and upload so many bytes more. Nothing of the file has been read yet.
-- p_limits has the quotas of bytes besides, as "bytes".
CREATE FUNCTION messaging.prepare_upload(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_size bigint, p_limits jsonb DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    quotas jsonb := p_limits -> 'bytes';
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id;
    SELECT w.refusal INTO refusal FROM messaging.writer(ch, p_caller, p_microdaos) w;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT q.refusal, q.details INTO refusal, document
    FROM messaging.upload_quota_refusal(p_caller, ch.microdao_id, p_size, quotas) q;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT l.refusal, l.details INTO refusal, document FROM messaging.limit_refusal(p_caller, ch.id, p_limits) l;
    IF refusal IS NOT NULL THEN
        PERFORM messaging.give_back_upload(p_caller, ch.microdao_id, p_size, quotas);
    END IF;
END
$$;

-- What was taken for an upload that has not become one.
CREATE FUNCTION messaging.give_back_upload(
    p_caller text, p_microdao_id text, p_size bigint, p_quotas jsonb, p_seconds integer DEFAULT 0
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    amount bigint := messaging.kib_of(p_size);
BEGIN
    PERFORM messaging.give_back('upload_bytes', p_caller, p_quotas -> 'caller', amount, p_seconds);
    PERFORM messaging.give_back('upload_bytes', p_microdao_id, p_quotas -> 'microdao', amount, p_seconds);
END
$$;

-- The file has broken off, or the homeserver has not taken it: its bytes, counted p_seconds ago, do not count. The act does.
CREATE FUNCTION messaging.cancel_upload(
    p_caller text, p_channel_id uuid, p_size bigint, p_limits jsonb, p_seconds integer DEFAULT 0,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM messaging.give_back_upload(p_caller, ch.microdao_id, p_size, p_limits -> 'bytes', p_seconds)
    FROM public.channels ch WHERE ch.id = p_channel_id;
END
$$;

-- Who has brought which content into which channel. A homeserver names no content twice.
CREATE FUNCTION messaging.record_upload(
    p_caller text, p_channel_id uuid, p_server_name text, p_media_id text, p_filename text, p_content_type text,
    p_size bigint, p_sha256 text, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO messaging.uploads
        (server_name, media_id, uploader_id, channel_id, microdao_id, filename, content_type, size, sha256, is_encrypted)
    -- In an encrypted channel a name is text.
    SELECT p_server_name, p_media_id, p_caller, ch.id, ch.microdao_id, CASE WHEN NOT ch.is_encrypted THEN p_filename END,
        p_content_type, p_size, p_sha256, ch.is_encrypted
    FROM public.channels ch WHERE ch.id = p_channel_id
    ON CONFLICT DO NOTHING;
    IF NOT FOUND AND NOT EXISTS (SELECT FROM messaging.uploads WHERE server_name = p_server_name AND media_id = p_media_id) THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    document := json_build_object('content_uri', 'mxc://' || p_server_name || '/' || p_media_id,
        'filename', p_filename, 'content_type', p_content_type, 'size', p_size, 'sha256', p_sha256);
END
$$;
