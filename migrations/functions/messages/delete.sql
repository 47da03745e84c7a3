-- Deleting a message: prepare_deletion before it is redacted in Matrix, record_redaction after.

-- The sender may delete their own message always, also after they have left and in an archived channel; an admin and the
-- owner may delete every one that they may read. A message that is deleted already is no refusal.
CREATE FUNCTION messaging.prepare_deletion(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_message_id uuid, p_limits jsonb DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    lookup record;
    ch public.channels;
    m public.messages;
    actor public.channel_members;
BEGIN
    SELECT * INTO m FROM public.messages WHERE id = p_message_id AND channel_id = p_channel_id;
    IF m.sender_id = p_caller THEN
        SELECT * INTO ch FROM public.channels WHERE id = p_channel_id;
    ELSE
        PERFORM messaging.settle_intents(p_channel_id);
        lookup := messaging.find_channel(p_caller, p_microdaos, p_channel_id, 'know');
        refusal := lookup.refusal;
        IF refusal IS NOT NULL THEN
            RETURN;
        END IF;
        ch := lookup.channel;
        actor := messaging.membership(ch, p_caller, p_microdaos);
        IF m.id IS NULL THEN
            refusal := 'message_not_found';
        ELSIF actor.joined_at IS NULL OR messaging.rank(actor.role) < 2 THEN
            refusal := 'cannot_delete';
        ELSIF messaging.access(ch, p_caller, p_microdaos) <> 'reads' THEN
            refusal := 'cannot_read';
        ELSIF m.deleted_at IS NULL AND ch.archived_at IS NOT NULL THEN
            refusal := 'channel_archived';
        END IF;
        IF refusal IS NOT NULL THEN
            RETURN;
        END IF;
    END IF;
    IF m.deleted_at IS NULL THEN
        SELECT l.refusal, l.details INTO refusal, document
        FROM messaging.limit_refusal(p_caller, p_channel_id, p_limits) l;
        IF refusal IS NOT NULL THEN
            RETURN;
        END IF;
        PERFORM messaging.set_intent(p_channel_id, 'delete', m.matrix_event_id, p_caller, '{}');
    END IF;
    document := json_build_object('room_id', coalesce(m.matrix_room_id, ch.matrix_room_id),
        'event_id', m.matrix_event_id, 'is_deleted', m.deleted_at IS NOT NULL);
END
$$;

-- Takes a message's text out of the log.
CREATE FUNCTION messaging.purge_log(m public.messages) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- In the order of their ids, as the publisher locks rows when it marks them. Only events that hold the message, and by
    -- an index of them: of its reactions there may be any number.
    PERFORM FROM public.outbox WHERE id IN (
        SELECT id FROM public.outbox WHERE payload ->> 'message_id' = m.id::text AND payload ? 'message'
        UNION ALL
        SELECT id FROM public.outbox
        WHERE channel_id = m.channel_id AND seq = m.seq AND subject = 'integration.matrix.message')
    ORDER BY id FOR NO KEY UPDATE;
    UPDATE public.outbox SET payload = messaging.without_text(payload)
    WHERE payload ->> 'message_id' = m.id::text AND payload ? 'message';
    UPDATE public.outbox SET payload = payload || '{"content": {}}'
    WHERE channel_id = m.channel_id AND seq = m.seq AND subject = 'integration.matrix.message';
END
$$;

-- An event of a message without what it says.
CREATE FUNCTION messaging.without_text(p_payload jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT messaging.without_previews(p_payload)
        || CASE WHEN p_payload ? 'content_preview'
                THEN '{"preview": "", "content_preview": "", "mentions": []}'::jsonb ELSE '{}' END
        || jsonb_build_object('message', (p_payload -> 'message')
            || '{"content_preview": "", "truncated": false, "mentions": [], "previews": [], "file": null}')
$$;

-- What a deletion leaves to be redacted in Matrix: edits of the message that still have their text there, at most 20 at
-- once. NULL when there are none.
CREATE FUNCTION messaging.edits_to_redact(p_message_id uuid) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT json_build_object('edits', json_agg(e.event_id)) FROM (
        SELECT event_id FROM messaging.message_edits WHERE message_id = p_message_id AND redacted_at IS NULL LIMIT 20) e
        HAVING count(*) > 0);
END
$$;

-- What a deletion leaves to be done in Matrix: edits_to_redact, and unpin_room_id, where the room's list still has the message.
CREATE FUNCTION messaging.left_of_deletion(ch public.channels, m public.messages) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
    edits json := messaging.edits_to_redact(m.id);
BEGIN
    IF EXISTS (SELECT FROM messaging.pins
               WHERE channel_id = ch.id AND event_id = m.matrix_event_id AND room_id = ch.matrix_room_id) THEN
        RETURN json_build_object('edits', coalesce(edits -> 'edits', '[]'), 'unpin_room_id', ch.matrix_room_id);
    END IF;
    RETURN edits;
END
$$;

-- An event that came before its message, or could not be indexed, and now must not be: what is kept of it goes. Returns the
-- edits among what related to it, which have to be redacted in Matrix as well.
CREATE FUNCTION messaging.purge_waiting(p_channel_id uuid, p_room_id text, p_event_id text) RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
    edits text[];
BEGIN
    WITH gone AS (
        DELETE FROM messaging.pending_relations
        WHERE channel_id = p_channel_id AND (event_id = p_event_id OR target_event_id = p_event_id)
        RETURNING event_id, target_event_id, kind
    ), set_aside AS (
        -- As text, because it is kept as it was pushed, whatever is wrong with it. A reply to the message is not an edit.
        DELETE FROM messaging.set_aside_events
        WHERE room_id = p_room_id AND (event_id = p_event_id
            OR strpos(event, '"m.replace"') > 0 AND strpos(event, to_json(p_event_id)::text) > 0)
        RETURNING event_id
    )
    SELECT array_agg(e.event_id) INTO edits FROM (
        SELECT event_id FROM gone WHERE kind = 'edit' AND target_event_id = p_event_id
        UNION SELECT event_id FROM set_aside WHERE event_id <> p_event_id) e;
    RETURN coalesce(edits, '{}');
END
$$;

-- An edit was redacted: what is kept of its text goes. The caller of this function holds the channel's row.
CREATE FUNCTION messaging.purge_edit(e messaging.message_edits) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE messaging.message_edits SET redacted_at = now() WHERE event_id = e.event_id AND redacted_at IS NULL;
    -- In the order of their ids, as the publisher locks rows when it marks them.
    PERFORM FROM public.outbox
    WHERE channel_id = e.channel_id AND seq = ANY (e.shown_seqs) AND subject LIKE 'messaging.%' AND payload ? 'message'
    ORDER BY id FOR NO KEY UPDATE;
    UPDATE public.outbox SET payload = messaging.without_text(payload)
    WHERE channel_id = e.channel_id AND seq = ANY (e.shown_seqs) AND subject LIKE 'messaging.%' AND payload ? 'message';
    UPDATE messaging.idempotency_keys SET fingerprint = '' WHERE edit_event_id = e.event_id;
END
$$;

-- A redaction that is in Matrix, of a message, of one of its edits, of a reaction or of a vote. The document names edits of a deleted
-- message that are still to be redacted in Matrix; with each redaction the next ones. p_edit_event_ids: edits that Matrix
-- knows of; the index may not have seen all. unpin_room_id: the room whose list still has the message.
CREATE FUNCTION messaging.record_redaction(
    p_room_id text, p_target_event_id text, p_actor_id text, p_by_bot boolean, p_edit_event_ids text[] DEFAULT '{}',
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    m public.messages;
    edit messaging.message_edits;
    intent messaging.intents;
    waiting text[];
    pinned uuid[];
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = messaging.channel_of_room(p_room_id) FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    intent := messaging.take_intent(ch.id, 'delete', p_target_event_id, p_actor_id, p_by_bot);
    PERFORM messaging.forget_deliveries(p_room_id, p_target_event_id);
    waiting := messaging.purge_waiting(ch.id, p_room_id, p_target_event_id);
    SELECT * INTO m FROM public.messages WHERE matrix_event_id = p_target_event_id AND channel_id = ch.id;
    IF NOT FOUND THEN
        SELECT * INTO edit FROM messaging.message_edits WHERE event_id = p_target_event_id AND channel_id = ch.id;
        IF FOUND THEN
            PERFORM messaging.purge_edit(edit);
            SELECT * INTO m FROM public.messages WHERE id = edit.message_id;
            document := CASE WHEN m.deleted_at IS NOT NULL THEN messaging.edits_to_redact(m.id) END;
        ELSIF NOT messaging.remove_reaction(ch, p_target_event_id)
            AND NOT messaging.remove_poll_vote(ch, p_target_event_id) THEN
            INSERT INTO messaging.pending_redactions (event_id, channel_id)
            VALUES (p_target_event_id, ch.id) ON CONFLICT DO NOTHING;
            document := CASE WHEN cardinality(waiting) > 0 THEN json_build_object('edits', waiting) END;
        END IF;
        RETURN;
    END IF;
    IF m.deleted_at IS NULL THEN
        pinned := messaging.pinned_beside(ch.id, m.matrix_event_id);
        UPDATE public.messages SET deleted_at = now(), content_preview = '', is_truncated = false, client_fingerprint = NULL,
            mentions = '{}', previews = NULL, is_uncounted = is_uncounted OR thread_id IS NULL
        WHERE id = m.id RETURNING * INTO m;
        PERFORM messaging.index_mentions(m);
        PERFORM messaging.unlearn_words(m);
        DELETE FROM messaging.message_search WHERE message_id = m.id;
        IF m.thread_id IS NOT NULL THEN
            PERFORM messaging.take_from_thread(m);
        END IF;
        PERFORM messaging.forget_poll(m.id);
        PERFORM messaging.forget_file(m);
        PERFORM messaging.forget_links(m.id);
        PERFORM messaging.purge_log(m);
        -- The fingerprints of its edits, and of itself where the gateway has not carried the key. A retry of an edit that
        -- was carried out is still told what came of it.
        DELETE FROM messaging.idempotency_keys
        WHERE caller = m.sender_id AND (key LIKE 'edit ' || m.id || ' %' AND edit_event_id IS NULL
                                        OR key = ch.id || ' ' || m.client_key);
        UPDATE messaging.idempotency_keys SET fingerprint = ''
        WHERE caller = m.sender_id AND key LIKE 'edit ' || m.id || ' %';
        PERFORM messaging.emit_message(ch, 'message.deleted', messaging.take_seq(ch.id), m, messaging.message_json(m),
            jsonb_build_object('actor_id', coalesce(intent.actor_id, p_actor_id)));
        -- What a room of before had pinned, nobody takes out of its list.
        DELETE FROM messaging.pins
        WHERE channel_id = ch.id AND event_id = m.matrix_event_id AND room_id <> ch.matrix_room_id;
        PERFORM messaging.emit_pins(ch, pinned, coalesce(intent.actor_id, p_actor_id), false);
    END IF;
    INSERT INTO messaging.message_edits (event_id, message_id, channel_id)
    SELECT known.event_id, m.id, ch.id FROM unnest(waiting || p_edit_event_ids) known (event_id) ON CONFLICT DO NOTHING;
    document := messaging.left_of_deletion(ch, m);
END
$$;
