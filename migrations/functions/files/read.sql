-- Reading content: what somebody may download is what they can come upon.

-- Whether content was uploaded for a channel that was encrypted, and that the caller reads. Of an encrypted channel's messages the index
-- knows no files, so whoever may read its messages may read what was uploaded for it: it is ciphertext.
CREATE FUNCTION messaging.reads_ciphertext(p_caller text, p_microdaos text[], p_upload messaging.uploads) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
    ch public.channels;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = p_upload.channel_id;
    RETURN coalesce(p_upload.is_encrypted AND p_upload.released_at IS NULL
        AND messaging.access(ch, p_caller, p_microdaos) = 'reads', false);
END
$$;

-- Whether the caller may read a content, by whatever way.
CREATE FUNCTION messaging.may_download(p_caller text, p_microdaos text[], p_content_uri text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN messaging.may_read_content(p_caller, p_microdaos, p_content_uri) OR EXISTS (
        SELECT FROM messaging.uploads u
        WHERE u.server_name = split_part(p_content_uri, '/', 3) AND u.media_id = split_part(p_content_uri, '/', 4)
            AND messaging.reads_ciphertext(p_caller, p_microdaos, u));
END
$$;

-- What content is called in a message that the caller may read. 20 of them are looked at.
CREATE FUNCTION messaging.name_of_content(p_caller text, p_microdaos text[], p_uri text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT f.file ->> 'filename' FROM (
            SELECT n.channel_id, n.file FROM messaging.message_files n WHERE n.content_uri = p_uri LIMIT 20) f
        JOIN public.channels ch ON ch.id = f.channel_id
        WHERE messaging.access(ch, p_caller, p_microdaos) = 'reads' LIMIT 1);
END
$$;

-- What is known of content that the caller may read.
CREATE FUNCTION messaging.read_media(
    p_caller text, p_microdaos text[], p_server_name text, p_media_id text, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    uri text := 'mxc://' || p_server_name || '/' || p_media_id;
    upload messaging.uploads;
BEGIN
    IF messaging.may_download(p_caller, p_microdaos, uri) THEN
        SELECT * INTO upload FROM messaging.uploads WHERE server_name = p_server_name AND media_id = p_media_id;
        document := json_build_object(
            'filename', coalesce(messaging.name_of_content(p_caller, p_microdaos, uri), upload.filename));
    ELSE
        refusal := 'media_not_found';
    END IF;
END
$$;

-- Which of some content, 100 at most, the caller may read, in their order.
CREATE FUNCTION messaging.list_readable_media(
    p_caller text, p_microdaos text[], p_content_uris text[], OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    document := (
        SELECT coalesce(json_agg(u.uri ORDER BY u.place), '[]')
        FROM unnest(p_content_uris[1:100]) WITH ORDINALITY u (uri, place)
        WHERE messaging.may_download(p_caller, p_microdaos, u.uri));
END
$$;
