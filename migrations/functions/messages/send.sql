-- Sending a message: prepare_send before it is in Matrix, record_message after.

-- Whether the caller may send, whether this was sent before, whether they have to join first, and the events that it belongs
-- to: the one that is replied to; the root of its thread, and the newest message in it, which clients that know no threads
-- show as what is replied to. p_thread_id: a message in a thread means that thread; a deleted one only the thread that it has.
-- p_route: the resource that the key belongs to, where that is not the channel: the channel is part of the
-- request then. is_typing: the homeserver still has them as typing. p_content_uris: what it shows, its file first; upload: what
-- is known of that.
CREATE FUNCTION messaging.prepare_send(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_reply_to uuid, p_client_key text, p_fingerprint text,
    p_is_encrypted boolean, p_route text DEFAULT NULL, p_limits jsonb DEFAULT NULL, p_mentions_room boolean DEFAULT false,
    p_thread_id uuid DEFAULT NULL, p_content_uris text[] DEFAULT '{}',
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    ch public.channels;
    sent public.messages;
    root public.messages;
    reply_to_event_id text;
    thread_event_id text;
    last_event_id text;
    claimed text;
    claimed_channel_id uuid;
    writer record;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id;
    writer := messaging.writer(ch, p_caller, p_microdaos);
    IF EXISTS (SELECT FROM messaging.idempotency_keys WHERE caller = p_caller AND key = p_route || ' ' || p_client_key
               AND resource <> p_channel_id) THEN
        refusal := 'idempotency_key_reused';
        RETURN;
    END IF;
    -- A retry is told what came of it, whatever has changed since, as long as the caller may know of the channel.
    IF p_client_key IS NOT NULL AND writer.must_join IS NOT NULL THEN
        SELECT * INTO sent FROM public.messages
        WHERE channel_id = p_channel_id AND sender_id = p_caller AND client_key = p_client_key;
        IF FOUND THEN
            IF messaging.is_other_request(sent.client_fingerprint, p_fingerprint) THEN
                refusal := 'idempotency_key_reused';
                RETURN;
            END IF;
            document := json_build_object('room_id', ch.matrix_room_id, 'message', messaging.message_json(sent));
            RETURN;
        END IF;
    END IF;
    IF writer.refusal IS NOT NULL THEN
        refusal := writer.refusal;
        RETURN;
    END IF;
    IF ch.is_encrypted AND NOT p_is_encrypted THEN
        refusal := 'channel_encrypted';
        RETURN;
    END IF;
    IF p_is_encrypted AND NOT ch.is_encrypted THEN
        refusal := 'channel_not_encrypted';
        RETURN;
    END IF;
    IF p_thread_id IS NOT NULL THEN
        SELECT * INTO root FROM public.messages WHERE id = p_thread_id AND channel_id = p_channel_id;
        root := messaging.thread_root(root);
        -- A relation leads to no other room, and after an upgrade the earlier messages are in another one.
        IF root.id IS NULL OR coalesce(root.matrix_room_id, ch.matrix_room_id) <> ch.matrix_room_id
            OR root.deleted_at IS NOT NULL AND NOT EXISTS (SELECT FROM messaging.threads WHERE root_id = root.id) THEN
            refusal := 'thread_not_found';
            RETURN;
        END IF;
        thread_event_id := coalesce(root.awaited_thread_event_id, root.matrix_event_id);
        SELECT m.matrix_event_id INTO last_event_id
        FROM messaging.threads t JOIN public.messages m ON m.id = t.last_reply_id WHERE t.root_id = root.id;
    END IF;
    IF p_reply_to IS NOT NULL THEN
        SELECT matrix_event_id INTO reply_to_event_id FROM public.messages
        WHERE id = p_reply_to AND channel_id = p_channel_id AND deleted_at IS NULL
            AND (p_thread_id IS NULL OR id = root.id OR thread_id = root.id);
        IF NOT FOUND THEN
            refusal := 'reply_to_not_found';
            RETURN;
        END IF;
    END IF;
    IF p_mentions_room AND NOT messaging.may_mention_room(p_channel_id, p_caller) THEN
        refusal := 'cannot_mention_room';
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM unnest(p_content_uris) uri WHERE NOT messaging.may_read_content(p_caller, p_microdaos, uri)) THEN
        refusal := 'file_not_found';
        RETURN;
    END IF;
    SELECT l.refusal, l.details INTO refusal, document
    FROM messaging.limit_refusal(p_caller, p_channel_id, p_limits) l;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    IF p_client_key IS NOT NULL AND p_route IS NOT NULL THEN
        INSERT INTO messaging.idempotency_keys AS k (caller, key, fingerprint, resource)
        VALUES (p_caller, p_route || ' ' || p_client_key, '', p_channel_id)
        ON CONFLICT (caller, key) DO UPDATE SET created_at = k.created_at RETURNING k.resource INTO claimed_channel_id;
        IF claimed_channel_id <> p_channel_id THEN
            refusal := 'idempotency_key_reused';
            RETURN;
        END IF;
    END IF;
    -- Of two requests with one key at the same time, the first to get here is the one; the homeserver would give the
    -- other the first one's event. Losing this row in a crash does no harm, so nobody waits for the disk.
    IF p_client_key IS NOT NULL THEN
        PERFORM set_config('synchronous_commit', 'off', true);
        INSERT INTO messaging.idempotency_keys AS k (caller, key, fingerprint, resource)
        VALUES (p_caller, p_channel_id || ' ' || p_client_key, p_fingerprint, p_channel_id)
        ON CONFLICT (caller, key) DO UPDATE SET created_at = k.created_at RETURNING k.fingerprint INTO claimed;
        IF messaging.is_other_request(claimed, p_fingerprint) THEN
            refusal := 'idempotency_key_reused';
            RETURN;
        END IF;
    END IF;
    IF writer.must_join THEN
        PERFORM messaging.intend_join(ch, p_caller, p_microdaos);
    END IF;
    document := json_build_object('room_id', ch.matrix_room_id, 'reply_to_event_id', reply_to_event_id,
        'must_join', writer.must_join, 'thread_event_id', thread_event_id,
        'last_event_id', coalesce(last_event_id, root.matrix_event_id),
        'is_typing', messaging.is_typing_in_room(p_channel_id, p_caller),
        'upload', CASE WHEN p_content_uris <> '{}' THEN messaging.upload_json(p_content_uris[1]) END);
END
$$;

-- A message that is in Matrix, from whichever path comes first: only the first one inserts, takes a number and writes
-- the outbox. p_joined_at: the sender has just joined by posting, as components of earlier versions say it; others call
-- record_join before they send. p_pushed_content: what Matrix pushed, NULL when it is the API that records.
-- p_content_preview: the beginning of the text (messaging.preview). p_is_pushed: the homeserver tells it, and a key in it is
-- only believed when prepare_send has given it out for this very request: anybody who holds a Matrix token can write one.
-- p_mentions: whom it names.
-- p_thread_event_id: the root of its thread. A root that is in a thread itself, which homeservers accept from each other,
-- means that thread. What it belongs to and is not here yet is waited for. p_poll: what it asks (keep_poll).
-- p_search: what it is found by (messaging.index_search), and its links (messaging.keep_links). p_file: its file
-- (messaging.keep_file).
--
-- Both are planned once in a session: for what is left out (NULL) a plan of its own is free, so that one would be made at every call.
CREATE FUNCTION messaging.record_message(
    p_room_id text, p_message_id uuid, p_event_id text, p_matrix_type text, p_sender_id text, p_sender_type text,
    p_sender_matrix_id text, p_content_preview text, p_content_type text, p_reply_to_event_id text, p_client_key text,
    p_fingerprint text, p_sent_at text, p_joined_at text, p_pushed_content jsonb, p_is_pushed boolean DEFAULT false,
    p_mentions text[] DEFAULT '{}', p_thread_event_id text DEFAULT NULL, p_poll jsonb DEFAULT NULL, p_search jsonb DEFAULT NULL,
    p_file jsonb DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    ch public.channels;
    m public.messages;
    root public.messages;
    answered uuid;
    awaited_thread text;
    -- Whether it is in no thread, or in one that is still to be found.
    is_main boolean;
    next_seq bigint;
    message json;
    -- What the sender's other sockets are told.
    personal text;
    sent_at timestamptz;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = messaging.channel_of_room(p_room_id) FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    IF p_joined_at IS NOT NULL THEN
        PERFORM messaging.admit(ch, p_sender_id, p_sender_type, p_sender_matrix_id, true, p_joined_at::timestamptz);
    END IF;
    SELECT * INTO m FROM public.messages WHERE matrix_event_id = p_event_id;
    IF NOT FOUND AND p_client_key IS NOT NULL THEN
        IF p_is_pushed AND NOT EXISTS (
            SELECT FROM messaging.idempotency_keys WHERE caller = p_sender_id
                AND key = ch.id || ' ' || p_client_key AND fingerprint = p_fingerprint) THEN
            p_client_key := NULL;
            p_fingerprint := NULL;
        ELSE
            SELECT * INTO m FROM public.messages
            WHERE channel_id = ch.id AND sender_id = p_sender_id AND client_key = p_client_key;
        END IF;
    END IF;
    IF m.id IS NOT NULL THEN
        -- The push was faster, and the gateway does not carry the key in the event.
        IF m.client_key IS NULL AND p_client_key IS NOT NULL AND m.sender_id = p_sender_id THEN
            UPDATE public.messages SET client_key = p_client_key, client_fingerprint = p_fingerprint
            WHERE id = m.id RETURNING * INTO m;
        END IF;
        -- Two requests with one key at the same time: the homeserver gave both the event of the first.
        IF p_client_key IS NOT NULL AND messaging.is_other_request(m.client_fingerprint, p_fingerprint) THEN
            refusal := 'idempotency_key_reused';
            RETURN;
        END IF;
        -- The push was faster, and the gateway does not carry mentions.
        IF NOT p_is_pushed AND m.mentions = '{}' AND m.sender_id = p_sender_id AND m.deleted_at IS NULL AND m.edited_at IS NULL
            AND messaging.heeded_mentions(ch, p_sender_id, p_sender_matrix_id, p_mentions) <> '{}' THEN
            UPDATE public.messages SET mentions = messaging.heeded_mentions(ch, p_sender_id, p_sender_matrix_id, p_mentions)
            WHERE id = m.id RETURNING * INTO m;
            PERFORM messaging.index_mentions(m);
            IF p_search IS NOT NULL AND NOT m.awaits_reindex THEN
                PERFORM messaging.index_search(m, p_search);
            END IF;
            IF m.thread_id IS NOT NULL THEN
                PERFORM messaging.follow_mentioned(m, '{}');
            END IF;
            PERFORM messaging.emit_message(ch, 'message.updated', messaging.take_seq(ch.id), m, messaging.message_json(m));
        END IF;
        -- The first one knew nothing of search.
        IF m.awaits_reindex AND p_search IS NOT NULL AND m.matrix_event_id = p_event_id AND m.edit_event_id IS NULL
            AND m.deleted_at IS NULL AND m.matrix_type <> 'm.room.encrypted' THEN
            UPDATE public.messages SET awaits_reindex = false WHERE id = m.id;
            PERFORM messaging.index_search(m, p_search);
            m := messaging.keep_links(ch, m, p_search -> 'links');
        END IF;
        -- The first one knew nothing of files.
        IF m.matrix_event_id = p_event_id AND m.edit_event_id IS NULL AND m.deleted_at IS NULL
            AND NOT EXISTS (SELECT FROM messaging.message_files WHERE message_id = m.id) THEN
            PERFORM messaging.keep_file(ch, m, p_file);
        END IF;
        document := json_build_object('message', messaging.message_json(m), 'inserted', false);
        RETURN;
    END IF;
    -- In Matrix people can still speak in an archived channel's room; here it has ended.
    IF ch.archived_at IS NOT NULL AND p_pushed_content IS NOT NULL
        OR EXISTS (SELECT FROM messaging.pending_redactions WHERE channel_id = ch.id AND event_id = p_event_id) THEN
        document := json_build_object('inserted', false);
        RETURN;
    END IF;
    IF messaging.is_unwanted(ch, p_sent_at::timestamptz, p_sender_matrix_id) THEN
        PERFORM messaging.note_unindexed(ch, p_room_id, p_event_id);
        document := json_build_object('inserted', false);
        RETURN;
    END IF;
    IF p_reply_to_event_id IS NOT NULL THEN
        SELECT id INTO answered FROM public.messages WHERE matrix_event_id = p_reply_to_event_id AND channel_id = ch.id;
    END IF;
    IF p_thread_event_id IS NOT NULL THEN
        SELECT * INTO root FROM public.messages WHERE matrix_event_id = p_thread_event_id AND channel_id = ch.id;
        root := messaging.thread_root(root);
    END IF;
    -- No message waits for itself, whatever it says of its relations.
    awaited_thread := nullif(CASE WHEN root.id IS NULL THEN p_thread_event_id ELSE root.awaited_thread_event_id END, p_event_id);
    -- Never in the future, never before its channel and the message in front of it, whatever the sender's server says.
    -- The channel's row has the time of the newest message; channels of earlier versions have it once they were counted.
    sent_at := greatest(least(coalesce(p_sent_at::timestamptz, now()), now()), ch.created_at, coalesce(ch.active_at,
                        (SELECT created_at FROM public.messages WHERE channel_id = ch.id ORDER BY seq DESC LIMIT 1)));
    is_main := root.id IS NULL OR root.awaited_thread_event_id IS NOT NULL;
    next_seq := messaging.take_seq(ch.id, p_active_at => sent_at, p_is_main => is_main);
    INSERT INTO public.messages (id, channel_id, seq, matrix_event_id, matrix_type, sender_id, sender_type, sender_matrix_id,
                                 content_preview, is_truncated, content_type, reply_to, awaited_event_id, thread_id,
                                 awaited_thread_event_id, client_key, client_fingerprint, created_at, matrix_room_id,
                                 mentions, main_number, awaits_reindex)
    VALUES (p_message_id, ch.id, next_seq, p_event_id, p_matrix_type, p_sender_id, p_sender_type, p_sender_matrix_id,
            CASE WHEN ch.is_encrypted THEN '' ELSE messaging.preview(p_content_preview) END,
            NOT ch.is_encrypted AND messaging.is_truncated(p_content_preview), p_content_type,
            answered, CASE WHEN answered IS NULL THEN nullif(p_reply_to_event_id, p_event_id) END,
            CASE WHEN NOT is_main THEN root.id END, awaited_thread,
            p_client_key, p_fingerprint, sent_at, p_room_id,
            messaging.heeded_mentions(ch, p_sender_id, p_sender_matrix_id, p_mentions),
            ch.main_count + is_main::integer, p_search IS NULL AND NOT ch.is_encrypted)
    RETURNING * INTO m;
    PERFORM messaging.index_mentions(m);
    IF p_poll IS NOT NULL THEN
        PERFORM messaging.keep_poll(ch, m, p_poll);
    END IF;
    PERFORM messaging.keep_file(ch, m, p_file);
    IF p_search IS NOT NULL AND NOT ch.is_encrypted AND m.matrix_type <> 'm.room.encrypted' THEN
        PERFORM messaging.index_search(m, p_search, p_is_new => true);
        IF p_search ? 'links' THEN
            m := messaging.keep_links(ch, m, p_search -> 'links');
        END IF;
    END IF;
    IF m.thread_id IS NOT NULL THEN
        PERFORM messaging.add_to_thread(m);
    END IF;
    personal := messaging.read_by_sending(ch, m);
    message := messaging.message_json(m);
    -- From here on the message keeps the key.
    IF p_client_key IS NOT NULL THEN
        DELETE FROM messaging.idempotency_keys WHERE caller = p_sender_id AND key = ch.id || ' ' || p_client_key;
    END IF;
    PERFORM messaging.emit_message(ch, 'message.created', next_seq, m, message, p_personal => personal);
    IF p_pushed_content IS NOT NULL THEN
        PERFORM messaging.publish(ch, next_seq, 'integration.matrix.message', jsonb_build_object(
            'room_id', p_room_id, 'event_id', p_event_id, 'sender_matrix_id', p_sender_matrix_id, 'type', p_matrix_type,
            'timestamp', (extract(epoch FROM m.created_at) * 1000)::bigint,
            'content', CASE WHEN ch.is_encrypted THEN '{}' ELSE p_pushed_content END));
    END IF;
    PERFORM messaging.apply_pending_relations(ch.id, p_room_id, p_event_id);
    PERFORM messaging.adopt_replies(ch, m);
    PERFORM messaging.show_pin(ch, m);
    PERFORM messaging.stop_typing(ch, m.sender_id);
    document := json_build_object('message', message, 'inserted', true);
END
$$;
