-- The file of a message, and what becomes of its content.

-- The file that a message shows; NULL where it has none. Only what is of a file's content_type is asked for.
CREATE FUNCTION messaging.file_json(p_message_id uuid) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT f.file::json FROM messaging.message_files f WHERE f.message_id = p_message_id);
END
$$;

-- What a message shows is this file now: core's `File`; NULL: there is nothing in what was said that could take its place, as
-- in an edit of a caption by a client that says nothing of the file. In an encrypted channel it has no name, as that is text.
-- The caller of this function holds the channel's row.
CREATE FUNCTION messaging.keep_file(ch public.channels, m public.messages, p_file jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF p_file IS NULL THEN
        RETURN;
    END IF;
    IF ch.is_encrypted THEN
        p_file := p_file || '{"filename": null}';
    END IF;
    INSERT INTO messaging.message_files AS f (message_id, channel_id, content_uri, thumbnail_uri, file)
    VALUES (m.id, ch.id, p_file ->> 'content_uri', p_file ->> 'thumbnail_uri', p_file)
    ON CONFLICT (message_id) DO UPDATE SET
        content_uri = excluded.content_uri, thumbnail_uri = excluded.thumbnail_uri, file = excluded.file,
        former_uris = CASE
            WHEN f.content_uri = excluded.content_uri OR f.content_uri = ANY (f.former_uris) THEN f.former_uris
            ELSE (f.content_uri || f.former_uris)[:20] END;
END
$$;
