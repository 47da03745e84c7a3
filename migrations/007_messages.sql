-- Messages: page, send, and what the homeserver says of them.

-- The rooms that a channel had before it was upgraded. Their messages can still be read, edited and deleted.
CREATE TABLE messaging.former_rooms (
    room_id    text PRIMARY KEY,
    channel_id uuid NOT NULL REFERENCES channels (id) ON DELETE CASCADE
);

-- The room that holds the event: a channel's room changes when it is upgraded.
ALTER TABLE messages ADD COLUMN IF NOT EXISTS matrix_room_id text;

-- Edits and reactions that came before their message, as the statement that will apply them.
CREATE TABLE messaging.early_relations (
    event_id        text PRIMARY KEY,
    target_event_id text NOT NULL,
    channel_id      uuid NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    -- 'edit' or 'reaction', and what record_edit or record_reaction was given.
    kind            text NOT NULL,
    parameters      jsonb NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX early_relations_target ON messaging.early_relations (target_event_id);

-- Redactions that came before the event they redact: that event must not be indexed when it comes.
CREATE TABLE messaging.early_redactions (
    event_id   text PRIMARY KEY,
    channel_id uuid NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- A page of messages, newest first. p_before and p_after are {"seq": n}, {"message": id} or {"time": t}.
-- With p_thread only the answers to that message.
CREATE FUNCTION messaging.page_messages(
    p_caller text, p_microdaos text[], p_channel uuid, p_limit integer, p_before jsonb, p_after jsonb, p_thread uuid
) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    ch channels;
    -- The page lies strictly between these two.
    above bigint := 0;
    below bigint := 9223372036854775807;
    items jsonb;
    oldest bigint;
    newest bigint;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel;
    CASE messaging.access(ch, p_caller, p_microdaos)
        WHEN 'none' THEN RETURN messaging.refused('channel_not_found');
        WHEN 'knows' THEN RETURN messaging.refused('cannot_read');
        ELSE NULL;
    END CASE;
    IF p_thread IS NOT NULL AND NOT EXISTS (SELECT FROM messages WHERE id = p_thread AND channel_id = p_channel) THEN
        RETURN messaging.refused('message_not_found');
    END IF;
    IF p_before IS NOT NULL THEN
        below := CASE
            WHEN p_before ? 'seq' THEN (p_before ->> 'seq')::bigint
            WHEN p_before ? 'message' THEN
                (SELECT seq FROM messages WHERE id = (p_before ->> 'message')::uuid AND channel_id = p_channel)
            -- created_at never falls as seq rises (record_message sees to it), so one place bounds them all.
            ELSE coalesce((SELECT seq + 1 FROM messages
                           WHERE channel_id = p_channel AND created_at < (p_before ->> 'time')::timestamptz
                           ORDER BY created_at DESC, seq DESC LIMIT 1), 0)
        END;
    END IF;
    IF p_after IS NOT NULL THEN
        above := CASE
            WHEN p_after ? 'seq' THEN (p_after ->> 'seq')::bigint
            WHEN p_after ? 'message' THEN
                (SELECT seq FROM messages WHERE id = (p_after ->> 'message')::uuid AND channel_id = p_channel)
            ELSE coalesce((SELECT seq - 1 FROM messages
                           WHERE channel_id = p_channel AND created_at > (p_after ->> 'time')::timestamptz
                           ORDER BY created_at, seq LIMIT 1), below)
        END;
    END IF;
    IF above IS NULL OR below IS NULL THEN
        RETURN messaging.refused('position_not_found');
    END IF;
    -- After a place the nearest ones, otherwise the newest ones: two statements, so that each walks the index.
    IF p_after IS NULL THEN
        SELECT coalesce(jsonb_agg(messaging.message_json(m) ORDER BY m.seq DESC), '[]'), min(m.seq), max(m.seq)
        INTO items, oldest, newest
        FROM (SELECT * FROM messages
              WHERE channel_id = p_channel AND seq > above AND seq < below AND (p_thread IS NULL OR thread_id = p_thread)
              ORDER BY seq DESC LIMIT p_limit) m;
    ELSE
        SELECT coalesce(jsonb_agg(messaging.message_json(m) ORDER BY m.seq DESC), '[]'), min(m.seq), max(m.seq)
        INTO items, oldest, newest
        FROM (SELECT * FROM messages
              WHERE channel_id = p_channel AND seq > above AND seq < below AND (p_thread IS NULL OR thread_id = p_thread)
              ORDER BY seq LIMIT p_limit) m;
    END IF;
    RETURN jsonb_build_object('items', items, 'links', jsonb_build_object(
        'next', CASE WHEN EXISTS (SELECT FROM messages WHERE channel_id = p_channel AND seq < oldest
                                  AND (p_thread IS NULL OR thread_id = p_thread)) THEN 'before=' || oldest END,
        'prev', CASE WHEN EXISTS (SELECT FROM messages WHERE channel_id = p_channel AND seq > newest
                                  AND (p_thread IS NULL OR thread_id = p_thread)) THEN 'after=' || newest END));
END
$$;

-- Whether a caller may write: the refusal, or NULL and whether they have to join first.
CREATE FUNCTION messaging.writer(
    ch channels, p_caller text, p_microdaos text[], OUT refusal text, OUT must_join boolean
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    m channel_members;
BEGIN
    IF messaging.access(ch, p_caller, p_microdaos) = 'none' THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    SELECT * INTO m FROM channel_members WHERE channel_id = ch.id AND member_id = p_caller;
    must_join := m.id IS NULL OR m.left_at IS NOT NULL OR m.joined_at IS NULL;
    refusal := CASE
        WHEN ch.archived_at IS NOT NULL THEN 'channel_archived'
        -- What was forbidden to somebody stays forbidden when they leave and come back.
        WHEN NOT coalesce(m.can_write, true) THEN 'cannot_write'
        WHEN (m.id IS NULL OR m.left_at IS NOT NULL) AND p_caller LIKE 'agent:%' THEN 'not_a_member'
    END;
END
$$;

-- Before a message is sent to Matrix: may the caller, was it sent before, must they join, what does it answer?
CREATE FUNCTION messaging.prepare_send(
    p_caller text, p_microdaos text[], p_channel uuid, p_reply_to uuid, p_key text, p_request text, p_encrypted boolean
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
    sent messages;
    answered text;
    claimed text;
    writer record;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel;
    SELECT * INTO writer FROM messaging.writer(ch, p_caller, p_microdaos);
    -- A retry is told what came of it, whatever has changed since, as long as the caller may know of the channel.
    IF p_key IS NOT NULL AND writer.must_join IS NOT NULL THEN
        SELECT * INTO sent FROM messages WHERE channel_id = p_channel AND sender_id = p_caller AND client_key = p_key;
        IF FOUND THEN
            IF sent.client_request IS DISTINCT FROM p_request THEN
                RETURN messaging.refused('idempotency_key_reused');
            END IF;
            RETURN jsonb_build_object('room_id', ch.matrix_room_id, 'message', messaging.message_json(sent));
        END IF;
    END IF;
    IF writer.refusal IS NOT NULL THEN
        RETURN messaging.refused(writer.refusal);
    END IF;
    IF ch.is_encrypted AND NOT p_encrypted THEN
        RETURN messaging.refused('encrypted');
    END IF;
    IF p_encrypted AND NOT ch.is_encrypted THEN
        RETURN messaging.refused('not_encrypted');
    END IF;
    IF p_reply_to IS NOT NULL THEN
        SELECT matrix_event_id INTO answered FROM messages
        WHERE id = p_reply_to AND channel_id = p_channel AND deleted_at IS NULL;
        IF NOT FOUND THEN
            RETURN messaging.refused('reply_to_not_found');
        END IF;
    END IF;
    -- Of two requests with one key at the same time, the first to get here is the one; the homeserver would give the
    -- other the first one's event. Losing this row in a crash does no harm, so nobody waits for the disk.
    IF p_key IS NOT NULL THEN
        PERFORM set_config('synchronous_commit', 'off', true);
        INSERT INTO messaging.idempotency_keys AS k (caller, key, request, resource)
        VALUES (p_caller, p_channel || ' ' || p_key, p_request, p_channel)
        ON CONFLICT (caller, key) DO UPDATE SET created_at = k.created_at RETURNING k.request INTO claimed;
        IF claimed <> p_request THEN
            RETURN messaging.refused('idempotency_key_reused');
        END IF;
    END IF;
    RETURN jsonb_build_object('room_id', ch.matrix_room_id, 'reply_to_event_id', answered, 'join', writer.must_join);
END
$$;

-- Applies what came before its message.
CREATE FUNCTION messaging.apply_early_relations(p_room_id text, p_event_id text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    e messaging.early_relations;
BEGIN
    FOR e IN DELETE FROM messaging.early_relations WHERE target_event_id = p_event_id RETURNING * LOOP
        IF e.kind = 'edit' THEN
            PERFORM messaging.record_edit(p_room_id, p_event_id, e.event_id, e.parameters ->> 'sender', e.parameters ->> 'preview',
                e.parameters ->> 'edited_at');
        ELSE
            PERFORM messaging.record_reaction(p_room_id, p_event_id, e.event_id, e.parameters ->> 'reactor',
                e.parameters ->> 'reactor_type', e.parameters ->> 'reactor_matrix_id', e.parameters ->> 'emoji', NULL);
        END IF;
    END LOOP;
END
$$;

-- Keeps what came before its message; a stranger's flood of them is cut off.
CREATE FUNCTION messaging.keep_early_relation(
    ch channels, p_target_event_id text, p_event_id text, p_kind text, p_parameters jsonb
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO messaging.early_relations (event_id, target_event_id, channel_id, kind, parameters)
    SELECT p_event_id, p_target_event_id, ch.id, p_kind, p_parameters
    WHERE (SELECT count(*) FROM messaging.early_relations WHERE target_event_id = p_target_event_id) < 100
    ON CONFLICT DO NOTHING
$$;

-- The channel that a room is or, before an upgrade, was.
CREATE FUNCTION messaging.channel_of_room(p_room_id text) RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT id FROM channels WHERE matrix_room_id = p_room_id),
                    (SELECT channel_id FROM messaging.former_rooms WHERE room_id = p_room_id))
$$;

-- A message that is in Matrix, from whichever path comes first: only the first one inserts, takes a number
-- and writes the outbox. p_joined_at: the sender has just joined by posting. p_content: what Matrix pushed.
CREATE FUNCTION messaging.record_message(
    p_room_id text, p_message uuid, p_event_id text, p_matrix_type text, p_sender text, p_sender_type text,
    p_sender_matrix_id text, p_preview text, p_content_type text, p_reply_to_event_id text, p_key text, p_request text,
    p_sent_at text, p_joined_at text, p_content jsonb
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
    m messages;
    next_seq bigint;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = messaging.channel_of_room(p_room_id) FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN messaging.refused('channel_not_found');
    END IF;
    IF p_joined_at IS NOT NULL THEN
        PERFORM messaging.join_member(ch, p_sender, p_sender_type, p_sender_matrix_id, p_joined_at::timestamptz);
    END IF;
    SELECT * INTO m FROM messages WHERE matrix_event_id = p_event_id;
    IF NOT FOUND AND p_key IS NOT NULL THEN
        SELECT * INTO m FROM messages WHERE channel_id = ch.id AND sender_id = p_sender AND client_key = p_key;
    END IF;
    IF m.id IS NOT NULL THEN
        -- The push was faster, and the gateway does not carry the key in the event.
        IF m.client_key IS NULL AND p_key IS NOT NULL AND m.sender_id = p_sender THEN
            UPDATE messages SET client_key = p_key, client_request = p_request WHERE id = m.id RETURNING * INTO m;
        END IF;
        -- Two requests with one key at the same time: the homeserver gave both the event of the first.
        IF p_key IS NOT NULL AND m.client_request IS DISTINCT FROM p_request THEN
            RETURN messaging.refused('idempotency_key_reused');
        END IF;
        RETURN jsonb_build_object('message', messaging.message_json(m), 'inserted', false);
    END IF;
    -- In Matrix people can still speak in an archived channel's room; here it has ended.
    IF ch.archived_at IS NOT NULL AND p_content IS NOT NULL
        OR EXISTS (SELECT FROM messaging.early_redactions WHERE event_id = p_event_id) THEN
        RETURN jsonb_build_object('inserted', false);
    END IF;
    next_seq := messaging.take_seq(ch.id);
    INSERT INTO messages (id, channel_id, seq, matrix_event_id, matrix_type, sender_id, sender_type, sender_matrix_id,
                          content_preview, content_type, thread_id, client_key, client_request, created_at, matrix_room_id)
    VALUES (p_message, ch.id, next_seq, p_event_id, p_matrix_type, p_sender, p_sender_type, p_sender_matrix_id,
            CASE WHEN ch.is_encrypted THEN '' ELSE p_preview END, p_content_type,
            (SELECT id FROM messages WHERE matrix_event_id = p_reply_to_event_id AND channel_id = ch.id), p_key, p_request,
            -- Never in the future and never before the message in front of it, whatever the sender's server says.
            greatest(least(coalesce(p_sent_at::timestamptz, now()), now()),
                     (SELECT created_at FROM messages WHERE channel_id = ch.id ORDER BY seq DESC LIMIT 1)), p_room_id)
    RETURNING * INTO m;
    -- From here on the message keeps the key.
    IF p_key IS NOT NULL THEN
        DELETE FROM messaging.idempotency_keys WHERE caller = p_sender AND key = ch.id || ' ' || p_key;
    END IF;
    PERFORM messaging.emit_message(ch, 'message.created', next_seq, m);
    IF p_content IS NOT NULL THEN
        PERFORM messaging.publish(ch, next_seq, 'integration.matrix.message', jsonb_build_object(
            'room_id', p_room_id, 'event_id', p_event_id, 'sender_matrix_id', p_sender_matrix_id, 'type', p_matrix_type,
            'timestamp', (extract(epoch FROM m.created_at) * 1000)::bigint,
            'content', CASE WHEN ch.is_encrypted THEN '{}' ELSE p_content END));
    END IF;
    PERFORM messaging.apply_early_relations(p_room_id, p_event_id);
    RETURN jsonb_build_object('message', messaging.message_json(m), 'inserted', true);
END
$$;
