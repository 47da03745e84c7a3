-- What becomes of a content that a deleted message has shown. The homeserver keeps it until it is asked to delete it, which only
-- its admin API can do. Only what the sender of the message has brought there goes: others may show it in rooms that are no
-- channels.

-- How long content waits from when it is released until it is looked at. What a Matrix client has sent somewhere else meanwhile is
-- known when the homeserver has pushed it: it tries again within minutes of an outage, and deleting cannot be undone.
CREATE FUNCTION messaging.content_wait() RETURNS interval LANGUAGE sql IMMUTABLE AS $$
    SELECT interval '10 minutes'
$$;

-- A content may go. p_uploader_matrix_id: whose upload it has to be; empty where it is known who brought it.
CREATE FUNCTION messaging.note_content(p_content_uri text, p_uploader_matrix_id text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO messaging.content_to_delete (content_uri, uploader_matrix_id, due_at)
    VALUES (p_content_uri, p_uploader_matrix_id, now() + messaging.content_wait())
    ON CONFLICT (content_uri, uploader_matrix_id) DO UPDATE SET due_at = excluded.due_at, noted_at = now(), tries = 0
$$;

-- These pictures of pages, brought here by ws-relay, may go; NULL: none. Whoever takes away one of the rows that show them says so.
CREATE FUNCTION messaging.release_pictures(p_content_uris text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM messaging.note_content(picture.uri, '')
    FROM (SELECT DISTINCT uri FROM unnest(p_content_uris) old (uri) WHERE uri IS NOT NULL ORDER BY uri) picture;
END
$$;

-- A deleted message had these contents: those that its sender brought are noted. Whether something else shows them is asked
-- when their time has come: by then whoever was about to send one of them has.
CREATE FUNCTION messaging.release_content(m public.messages, p_content_uris text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    uri text;
    upload messaging.uploads;
    -- What is behind the first colon of a Matrix id.
    senders_server text := substr(m.sender_matrix_id, strpos(m.sender_matrix_id, ':') + 1);
BEGIN
    -- A sticker is of a set that its owner sends everywhere, and nobody's to delete by one message.
    IF m.matrix_type = 'm.sticker' THEN
        RETURN;
    END IF;
    FOREACH uri IN ARRAY p_content_uris LOOP
        UPDATE messaging.uploads SET released_at = now()
        WHERE server_name = split_part(uri, '/', 3) AND media_id = split_part(uri, '/', 4)
            AND uploader_id = m.sender_id AND released_at IS NULL;
        SELECT * INTO upload FROM messaging.uploads
        WHERE server_name = split_part(uri, '/', 3) AND media_id = split_part(uri, '/', 4);
        -- Of what came by another way the homeserver knows who brought it.
        CONTINUE WHEN CASE WHEN upload.media_id IS NOT NULL THEN upload.released_at IS NULL
                           ELSE split_part(uri, '/', 3) IS DISTINCT FROM senders_server END;
        PERFORM messaging.note_content(uri, CASE WHEN upload.media_id IS NULL THEN m.sender_matrix_id ELSE '' END);
    END LOOP;
END
$$;

-- A message is deleted, or shows no file any more: what is kept of its file goes, and its contents are released.
CREATE FUNCTION messaging.forget_file(m public.messages) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    gone messaging.message_files;
BEGIN
    DELETE FROM messaging.message_files WHERE message_id = m.id RETURNING * INTO gone;
    IF FOUND THEN
        PERFORM messaging.release_content(m, array_remove(ARRAY[gone.content_uri, gone.thumbnail_uri], NULL));
    END IF;
    PERFORM messaging.release_replaced(m);
END
$$;

-- How many contents are released at once.
CREATE FUNCTION messaging.max_released() RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT 100
$$;

-- Releases what edits of a message have replaced, max_released of it; go_on_releasing does the rest.
CREATE FUNCTION messaging.release_replaced(m public.messages) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    gone text[];
BEGIN
    WITH deleted AS (
        DELETE FROM messaging.replaced_content WHERE message_id = m.id AND content_uri IN (
            SELECT r.content_uri FROM messaging.replaced_content r WHERE r.message_id = m.id
            ORDER BY r.content_uri LIMIT messaging.max_released())
        RETURNING content_uri
    )
    SELECT array_agg(content_uri) INTO gone FROM deleted;
    IF gone IS NOT NULL THEN
        PERFORM messaging.release_content(m, gone);
        UPDATE messaging.replaced_content SET goes_on = true WHERE message_id = m.id AND content_uri = (
            SELECT r.content_uri FROM messaging.replaced_content r WHERE r.message_id = m.id ORDER BY r.content_uri LIMIT 1);
    END IF;
END
$$;

-- Goes on with one message that had more replaced contents than could be released at once.
CREATE FUNCTION messaging.go_on_releasing() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    m public.messages;
BEGIN
    SELECT n.* INTO m FROM messaging.replaced_content r JOIN public.messages n ON n.id = r.message_id
    WHERE r.goes_on LIMIT 1 FOR UPDATE OF r SKIP LOCKED;
    IF FOUND THEN
        PERFORM messaging.release_replaced(m);
    END IF;
END
$$;

-- Whether something shows a content, or has it in its history: a message that is not deleted, a link's preview or a page that
-- one may come of, a channel or a person.
CREATE FUNCTION messaging.is_content_shown(p_content_uri text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM messaging.message_files f WHERE f.content_uri = p_content_uri)
        OR EXISTS (SELECT FROM messaging.message_files f WHERE f.thumbnail_uri = p_content_uri)
        OR EXISTS (SELECT FROM messaging.replaced_content r WHERE r.content_uri = p_content_uri)
        OR EXISTS (SELECT FROM messaging.message_previews p WHERE p.image_uri = p_content_uri)
        OR EXISTS (SELECT FROM messaging.link_pages k WHERE k.page #>> '{image,content_uri}' = p_content_uri)
        OR EXISTS (SELECT FROM public.channels c WHERE c.avatar_url = p_content_uri
                   AND messaging.shows_picture(c.id::text, p_content_uri))
        OR EXISTS (SELECT FROM messaging.profiles p WHERE p.avatar_url = p_content_uri
                   AND messaging.shows_picture(p.member_id, p_content_uri));
END
$$;

-- Whether there is content to delete. For the relay, which asks every second.
CREATE FUNCTION messaging.is_content_due(OUT refusal messaging.refusal, OUT document json) LANGUAGE plpgsql STABLE AS $$
BEGIN
    document := json_build_object('is_due', 
        EXISTS (SELECT FROM messaging.content_to_delete WHERE due_at <= now())
        OR EXISTS (SELECT FROM messaging.replaced_content WHERE goes_on));
END
$$;

-- Takes the content that is to be deleted; what something shows by now is left alone and no longer noted. Nobody else gets it for
-- p_seconds, doubled with each try, up to 2^7 times.
CREATE FUNCTION messaging.claim_content(
    p_limit integer, p_seconds integer, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM messaging.go_on_releasing();
    WITH due AS MATERIALIZED (
        SELECT content_uri, uploader_matrix_id, messaging.is_content_shown(content_uri) AS is_shown
        FROM messaging.content_to_delete
        -- What came by another way than the API may be in a message of before files, which reindex has not read yet.
        WHERE due_at <= now() AND (uploader_matrix_id = '' OR NOT EXISTS (
            SELECT FROM public.messages
            WHERE awaits_reindex AND deleted_at IS NULL AND matrix_type <> 'm.room.encrypted'))
        ORDER BY due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), shown AS (
        DELETE FROM messaging.content_to_delete q USING due d
        WHERE d.is_shown AND (q.content_uri, q.uploader_matrix_id) = (d.content_uri, d.uploader_matrix_id)
    ), claimed AS (
        UPDATE messaging.content_to_delete q SET tries = tries + 1,
            due_at = now() + make_interval(secs => p_seconds * (1 << least(tries, 7)))
        FROM due d
        WHERE NOT d.is_shown AND (q.content_uri, q.uploader_matrix_id) = (d.content_uri, d.uploader_matrix_id)
        RETURNING q.content_uri, q.uploader_matrix_id
    )
    SELECT json_build_object('taken', (SELECT count(*) FROM due), 'content', coalesce(json_agg(json_build_object(
        'content_uri', c.content_uri, 'uploader_matrix_id', nullif(c.uploader_matrix_id, ''))), '[]'))
    INTO document FROM claimed c;
END
$$;

-- These are deleted, or never can be: {content_uri, uploader_matrix_id}.
CREATE FUNCTION messaging.end_content(p_content jsonb, OUT refusal messaging.refusal, OUT document json)
LANGUAGE plpgsql AS $$
BEGIN
    WITH ended AS (
        DELETE FROM messaging.content_to_delete q
        USING jsonb_to_recordset(p_content) AS t (content_uri text, uploader_matrix_id text)
        WHERE q.content_uri = t.content_uri AND q.uploader_matrix_id = coalesce(t.uploader_matrix_id, '')
        RETURNING q.content_uri
    )
    DELETE FROM messaging.uploads u USING ended e
    WHERE u.server_name = split_part(e.content_uri, '/', 3) AND u.media_id = split_part(e.content_uri, '/', 4)
        AND u.released_at IS NOT NULL;
END
$$;
