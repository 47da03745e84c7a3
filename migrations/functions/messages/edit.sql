-- Editing a message: prepare_edit before the edit is in Matrix, record_edit after, and redactions of edits.

CREATE FUNCTION messaging.prepare_edit(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_message_id uuid, p_client_key text DEFAULT NULL,
    p_fingerprint text DEFAULT NULL, p_is_encrypted boolean DEFAULT false, p_limits jsonb DEFAULT NULL,
    p_mentions_room boolean DEFAULT false,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    lookup record;
    ch public.channels;
    m public.messages;
    actor public.channel_members;
    known messaging.idempotency_keys;
BEGIN
    lookup := messaging.find_message(p_caller, p_microdaos, p_channel_id, p_message_id, 'know');
    refusal := lookup.refusal;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    ch := lookup.channel;
    m := lookup.message;
    -- A retry is told what came of it, and changes nothing: neither an edit that was made since, nor its time.
    SELECT * INTO known FROM messaging.idempotency_keys
    WHERE caller = p_caller AND key = messaging.edit_key(p_message_id, p_client_key);
    IF messaging.is_other_request(known.fingerprint, p_fingerprint) THEN
        refusal := 'idempotency_key_reused';
        RETURN;
    ELSIF known.edit_event_id IS NOT NULL THEN
        document := json_build_object('room_id', coalesce(m.matrix_room_id, ch.matrix_room_id),
            'event_id', m.matrix_event_id, 'message', messaging.message_json(m));
        RETURN;
    END IF;
    actor := messaging.membership(ch, p_caller, p_microdaos);
    IF m.sender_id <> p_caller THEN
        refusal := 'not_the_sender';
    ELSIF m.deleted_at IS NOT NULL THEN
        refusal := 'message_deleted';
    ELSIF ch.archived_at IS NOT NULL THEN
        refusal := 'channel_archived';
    ELSIF actor.joined_at IS NULL THEN
        refusal := 'not_a_member';
    ELSIF NOT actor.can_write THEN
        refusal := 'cannot_write';
    ELSIF ch.is_encrypted AND NOT p_is_encrypted THEN
        refusal := 'channel_encrypted';
    ELSIF p_is_encrypted AND NOT ch.is_encrypted THEN
        refusal := 'channel_not_encrypted';
    -- An edit has the type of what it edits (Matrix client-server API, "Event replacements").
    ELSIF p_is_encrypted AND m.matrix_type <> 'm.room.encrypted' THEN
        refusal := 'message_not_encrypted';
    ELSIF m.matrix_type NOT IN ('m.room.message', 'm.room.encrypted') THEN
        refusal := 'not_editable';
    ELSIF p_mentions_room AND NOT messaging.may_mention_room(ch.id, p_caller) THEN
        refusal := 'cannot_mention_room';
    ELSE
        SELECT l.refusal, l.details INTO refusal, document
        FROM messaging.limit_refusal(p_caller, p_channel_id, p_limits) l;
        IF refusal IS NOT NULL THEN
            RETURN;
        END IF;
        IF p_client_key IS NOT NULL THEN
            INSERT INTO messaging.idempotency_keys AS k (caller, key, fingerprint, resource)
            VALUES (p_caller, messaging.edit_key(p_message_id, p_client_key), p_fingerprint, p_message_id)
            ON CONFLICT (caller, key) DO UPDATE SET created_at = k.created_at RETURNING * INTO known;
            -- Two requests with one key at the same time.
            IF messaging.is_other_request(known.fingerprint, p_fingerprint) THEN
                refusal := 'idempotency_key_reused';
                RETURN;
            END IF;
        END IF;
        -- A retry has the time of the first try: an edit that was made in between is the newer one.
        document := json_build_object('room_id', coalesce(m.matrix_room_id, ch.matrix_room_id),
            'event_id', m.matrix_event_id, 'content_type', m.content_type, 'mentions', m.mentions, 'asked_at', messaging.rfc3339(known.created_at));
    END IF;
END
$$;

-- Under which key an edit's Idempotency-Key is kept.
CREATE FUNCTION messaging.edit_key(p_message_id uuid, p_client_key text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT 'edit ' || p_message_id || ' ' || p_client_key
$$;

CREATE FUNCTION messaging.milliseconds(p_time timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT (extract(epoch FROM p_time) * 1000)::bigint
$$;

-- An edit that is in Matrix. Another user's means nothing, and the newest one counts (Matrix client-server API,
-- "Event replacements"). p_client_key: the request's key, when it is the API that records. p_origin_ts: the event's time as
-- Matrix has it, which alone says what is the newest; until the homeserver has told of an edit, its p_edited_at stands for
-- it. Where the document has a deleted_at, the message was deleted meanwhile, and this edit has to be redacted in Matrix.
--
-- p_content_preview NULL: there is nothing in it that could take the message's place. Neither that nor an edit of another
-- event type (p_matrix_type) shows, but it goes with the message. p_content_type, p_mentions: of the new content, NULL where
-- they stay as they are. p_poll: what the new content asks (keep_poll). p_search, p_unquoted_search: what it is found by then
-- (messaging.index_search), as the two previews. p_file: its file (messaging.keep_file).
CREATE FUNCTION messaging.record_edit(
    p_room_id text, p_target_event_id text, p_event_id text, p_sender_id text, p_content_preview text, p_edited_at text,
    p_client_key text DEFAULT NULL, p_origin_ts bigint DEFAULT NULL, p_matrix_type text DEFAULT NULL,
    p_content_type text DEFAULT NULL, p_mentions text[] DEFAULT NULL, p_unquoted_preview text DEFAULT NULL,
    p_poll jsonb DEFAULT NULL,
    p_search jsonb DEFAULT NULL, p_unquoted_search jsonb DEFAULT NULL, p_file jsonb DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    m public.messages;
    edited timestamptz := least(p_edited_at::timestamptz, now());
    origin_ts bigint := coalesce(p_origin_ts, messaging.milliseconds(p_edited_at::timestamptz));
    mentioned text[];
    next_seq bigint;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = messaging.channel_of_room(p_room_id) FOR NO KEY UPDATE;
    SELECT * INTO m FROM public.messages WHERE matrix_event_id = p_target_event_id AND channel_id = ch.id;
    IF NOT FOUND THEN
        IF EXISTS (SELECT FROM messaging.pending_redactions WHERE channel_id = ch.id AND event_id = p_target_event_id) THEN
            document := json_build_object('deleted_at', messaging.rfc3339(now()));
            RETURN;
        ELSIF ch.id IS NOT NULL THEN
            PERFORM messaging.keep_pending_relation(ch, p_target_event_id, p_event_id, 'edit', jsonb_build_object(
                'sender_id', p_sender_id, 'content_preview', CASE WHEN ch.is_encrypted THEN left(p_content_preview, 0) ELSE p_content_preview END,
                'unquoted_preview', CASE WHEN NOT ch.is_encrypted THEN p_unquoted_preview END,
                'edited_at', p_edited_at, 'origin_ts', p_origin_ts, 'matrix_type', p_matrix_type,
                'content_type', p_content_type, 'mentions', CASE WHEN NOT ch.is_encrypted THEN p_mentions END,
                'poll', CASE WHEN NOT ch.is_encrypted THEN p_poll END,
                'file', CASE WHEN ch.is_encrypted THEN p_file || '{"filename": null}' ELSE p_file END,
                'search', CASE WHEN NOT ch.is_encrypted THEN p_search END,
                'unquoted_search', CASE WHEN NOT ch.is_encrypted THEN p_unquoted_search END));
        END IF;
        refusal := 'message_not_found';
        RETURN;
    END IF;
    mentioned := m.mentions;
    IF p_unquoted_preview IS NOT NULL AND (m.reply_to IS NOT NULL OR m.awaited_event_id IS NOT NULL) THEN
        p_content_preview := p_unquoted_preview;
        p_search := p_unquoted_search;
    END IF;
    IF ch.is_encrypted OR m.matrix_type = 'm.room.encrypted' THEN
        p_search := NULL;
    END IF;
    UPDATE messaging.idempotency_keys SET edit_event_id = p_event_id
    WHERE caller = p_sender_id AND key = messaging.edit_key(m.id, p_client_key);
    IF m.sender_id = p_sender_id THEN
        INSERT INTO messaging.message_edits (event_id, message_id, channel_id) VALUES (p_event_id, m.id, ch.id)
        ON CONFLICT DO NOTHING;
    END IF;
    -- No edit is older than its message, whatever the sender's server says.
    edited := greatest(edited, m.created_at);
    IF m.sender_id = p_sender_id AND m.deleted_at IS NULL AND m.edit_event_id IS DISTINCT FROM p_event_id
        AND p_content_preview IS NOT NULL AND coalesce(p_matrix_type, m.matrix_type) = m.matrix_type
        AND (m.edited_at IS NULL OR (coalesce(m.edit_origin_ts, messaging.milliseconds(m.edited_at)), m.edit_event_id) < (origin_ts, p_event_id))
        AND NOT EXISTS (SELECT FROM messaging.pending_redactions WHERE channel_id = ch.id AND event_id = p_event_id)
        AND NOT EXISTS (SELECT FROM messaging.message_edits WHERE event_id = p_event_id AND redacted_at IS NOT NULL) THEN
        UPDATE public.messages SET content_preview = CASE WHEN ch.is_encrypted THEN '' ELSE messaging.preview(p_content_preview) END,
            is_truncated = NOT ch.is_encrypted AND messaging.is_truncated(p_content_preview),
            edited_at = edited, edit_event_id = p_event_id, edit_origin_ts = origin_ts,
            content_type = coalesce(p_content_type, content_type),
            mentions = CASE WHEN p_mentions IS NULL THEN mentions
                            ELSE messaging.heeded_mentions(ch, sender_id, sender_matrix_id, p_mentions) END,
            awaits_reindex = p_search IS NULL AND NOT ch.is_encrypted
        WHERE id = m.id RETURNING * INTO m;
        PERFORM messaging.index_mentions(m);
        PERFORM messaging.keep_poll(ch, m, p_poll);
        PERFORM messaging.keep_file(ch, m, p_file);
        PERFORM messaging.index_search(m, p_search);
        m := messaging.keep_links(ch, m, p_search -> 'links');
        IF m.thread_id IS NOT NULL THEN
            PERFORM messaging.follow_mentioned(m, mentioned);
        END IF;
        document := messaging.message_json(m);
        next_seq := messaging.take_seq(ch.id);
        UPDATE messaging.message_edits SET shown_seqs = shown_seqs || next_seq WHERE event_id = p_event_id;
        PERFORM messaging.emit_message(ch, 'message.updated', next_seq, m, document);
    ELSE
        UPDATE public.messages SET edit_origin_ts = p_origin_ts
        WHERE id = m.id AND edit_event_id = p_event_id AND edit_origin_ts <> p_origin_ts;
        document := messaging.message_json(m);
    END IF;
END
$$;

-- The message that shows the given edit; its event_id is null when there is none.
CREATE FUNCTION messaging.find_message_of_edit(
    p_room_id text, p_edit_event_id text, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    document := json_build_object('event_id', (
        SELECT m.matrix_event_id FROM public.messages m
        WHERE m.edit_event_id = p_edit_event_id AND m.channel_id = messaging.channel_of_room(p_room_id)
            AND m.deleted_at IS NULL));
END
$$;

-- An edit was redacted: the message shows again what Matrix now says of it, an earlier edit or itself. p_search: what it is
-- found by then (messaging.index_search). p_file: its file then; NULL: it has none, or Matrix has not said what it is: better no
-- file than one that was taken back.
CREATE FUNCTION messaging.record_edit_redaction(
    p_room_id text, p_event_id text, p_redacted_event_id text, p_content_preview text, p_edit_event_id text, p_edited_at text,
    p_content_type text DEFAULT NULL, p_mentions text[] DEFAULT NULL, p_poll jsonb DEFAULT NULL, p_search jsonb DEFAULT NULL,
    p_file jsonb DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    m public.messages;
    edit messaging.message_edits;
    next_seq bigint;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = messaging.channel_of_room(p_room_id) FOR NO KEY UPDATE;
    UPDATE public.messages SET content_preview = CASE WHEN ch.is_encrypted THEN '' ELSE messaging.preview(p_content_preview) END,
        is_truncated = NOT ch.is_encrypted AND messaging.is_truncated(p_content_preview),
        edit_event_id = p_edit_event_id, edit_origin_ts = NULL, edited_at = CASE WHEN p_edited_at IS NOT NULL THEN greatest(p_edited_at::timestamptz, created_at) END,
        content_type = coalesce(p_content_type, content_type),
        mentions = CASE WHEN p_mentions IS NULL THEN mentions
                        ELSE messaging.heeded_mentions(ch, sender_id, sender_matrix_id, p_mentions) END,
        awaits_reindex = p_search IS NULL AND NOT ch.is_encrypted
    WHERE matrix_event_id = p_event_id AND channel_id = ch.id AND edit_event_id = p_redacted_event_id AND deleted_at IS NULL
    RETURNING * INTO m;
    IF FOUND THEN
        PERFORM messaging.index_mentions(m);
        PERFORM messaging.keep_poll(ch, m, p_poll);
        PERFORM messaging.take_back_file(ch, m, p_file, p_content_type IS NOT NULL);
        PERFORM messaging.index_search(m, CASE WHEN NOT ch.is_encrypted AND m.matrix_type <> 'm.room.encrypted' THEN p_search END);
        m := messaging.keep_links(ch, m, p_search -> 'links');
        INSERT INTO messaging.pending_redactions (event_id, channel_id)
        VALUES (p_redacted_event_id, ch.id) ON CONFLICT DO NOTHING;
        -- First, because it locks every event that holds the message in the publisher's order, those of the edit among them.
        PERFORM messaging.purge_log(m);
        SELECT * INTO edit FROM messaging.message_edits WHERE event_id = p_redacted_event_id;
        IF FOUND THEN
            PERFORM messaging.purge_edit(edit);
        END IF;
        next_seq := messaging.take_seq(ch.id);
        UPDATE messaging.message_edits SET shown_seqs = shown_seqs || next_seq WHERE event_id = p_edit_event_id;
        PERFORM messaging.emit_message(ch, 'message.updated', next_seq, m, messaging.message_json(m));
    END IF;
END
$$;
