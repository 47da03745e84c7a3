-- Who may read a content of the homeserver's repository.

-- In how many channels that show a content somebody's right to it is looked for.
CREATE FUNCTION messaging.max_channels_of_content() RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT 100
$$;

-- Whether the caller may read a content: a message shows it, as its file, as that file's thumbnail or as the picture of a link,
-- in a channel that they may read; it is the picture of a channel that they may know of, or of a person; or they brought it here, have not deleted
-- it, and may still read the channel that they brought it for.
--
-- However often it was sent, what is looked at is bounded: max_channels_of_content, and where there are more of them, the
-- caller's own channels.
CREATE FUNCTION messaging.may_read_content(p_caller text, p_microdaos text[], p_content_uri text) RETURNS boolean
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    ch public.channels;
    after_channel uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
    FOR n IN 1..messaging.max_channels_of_content() LOOP
        -- From one channel to the next, however many messages of it show the content.
        after_channel := least(
            (SELECT f.channel_id FROM messaging.message_files f
             WHERE f.content_uri = p_content_uri AND f.channel_id > after_channel ORDER BY f.channel_id LIMIT 1),
            (SELECT f.channel_id FROM messaging.message_files f
             WHERE f.thumbnail_uri = p_content_uri AND f.channel_id > after_channel ORDER BY f.channel_id LIMIT 1),
            (SELECT p.channel_id FROM messaging.message_previews p
             WHERE p.image_uri = p_content_uri AND p.channel_id > after_channel ORDER BY p.channel_id LIMIT 1));
        EXIT WHEN after_channel IS NULL;
        SELECT * INTO ch FROM public.channels WHERE id = after_channel;
        IF messaging.access(ch, p_caller, p_microdaos) = 'reads' THEN
            RETURN true;
        END IF;
    END LOOP;
    IF after_channel IS NOT NULL THEN
        FOR ch IN SELECT c.* FROM public.channel_members m JOIN public.channels c ON c.id = m.channel_id
                  WHERE m.member_id = p_caller AND (m.joined_at IS NOT NULL OR m.was_in) AND m.left_at IS NULL AND (
                      EXISTS (SELECT FROM messaging.message_files f
                              WHERE f.content_uri = p_content_uri AND f.channel_id = m.channel_id)
                      OR EXISTS (SELECT FROM messaging.message_files f
                                 WHERE f.thumbnail_uri = p_content_uri AND f.channel_id = m.channel_id)
                      OR EXISTS (SELECT FROM messaging.message_previews p
                                 WHERE p.image_uri = p_content_uri AND p.channel_id = m.channel_id)) LOOP
            IF messaging.access(ch, p_caller, p_microdaos) = 'reads' THEN
                RETURN true;
            END IF;
        END LOOP;
    END IF;
    SELECT c.* INTO ch FROM messaging.uploads u JOIN public.channels c ON c.id = u.channel_id
    WHERE u.server_name = split_part(p_content_uri, '/', 3) AND u.media_id = split_part(p_content_uri, '/', 4)
        AND u.uploader_id = p_caller AND u.released_at IS NULL;
    IF messaging.access(ch, p_caller, p_microdaos) = 'reads' THEN
        RETURN true;
    END IF;
    FOR ch IN SELECT * FROM public.channels c WHERE c.avatar_url = p_content_uri
                  AND messaging.shows_picture(c.id::text, p_content_uri) LIMIT messaging.max_channels_of_content() LOOP
        IF messaging.access(ch, p_caller, p_microdaos) <> 'none' THEN
            RETURN true;
        END IF;
    END LOOP;
    RETURN p_caller IS NOT NULL AND EXISTS (
        SELECT FROM messaging.profiles p
        WHERE p.avatar_url = p_content_uri AND messaging.shows_picture(p.member_id, p_content_uri));
END
$$;

-- Whether a picture shows its content to whoever sees it: not where who chose it could not read the content themselves.
CREATE FUNCTION messaging.shows_picture(p_holder_id text, p_content_uri text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN NOT EXISTS (SELECT FROM messaging.unreadable_pictures u
                       WHERE u.holder_id = p_holder_id AND u.content_uri = p_content_uri);
END
$$;

-- Somebody chooses a picture for themselves or for a channel. Whoever sees it may read its content, and as long as it is there
-- nobody deletes that; so where the caller may not read the content, that is noted, before anybody can see the picture. What
-- their homeserver tells of needs no note: who has an account there can have the content from it.
CREATE FUNCTION messaging.note_picture(p_holder_id text, p_present text, p_content_uri text, p_caller text, p_microdaos text[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF p_content_uri IS NULL OR p_content_uri = p_present THEN
        RETURN;
    END IF;
    DELETE FROM messaging.unreadable_pictures
    WHERE holder_id = p_holder_id AND content_uri IS DISTINCT FROM p_present AND noted_at < now() - interval '1 day';
    IF messaging.may_read_content(p_caller, p_microdaos, p_content_uri) THEN
        DELETE FROM messaging.unreadable_pictures WHERE holder_id = p_holder_id AND content_uri = p_content_uri;
    ELSE
        INSERT INTO messaging.unreadable_pictures (holder_id, content_uri) VALUES (p_holder_id, p_content_uri)
        ON CONFLICT (holder_id, content_uri) DO UPDATE SET noted_at = now();
    END IF;
END
$$;
