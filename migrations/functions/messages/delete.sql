-- Deleting a message: prepare_deletion before it is redacted in Matrix, record_redaction after.

-- The sender may delete their own message always, also after they have left and in an archived channel; an admin and the
-- owner may delete every one. A message that is deleted already is no refusal.
CREATE FUNCTION messaging.prepare_deletion(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_message_id uuid,
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
        ELSIF m.deleted_at IS NULL AND ch.archived_at IS NOT NULL THEN
            refusal := 'channel_archived';
        END IF;
        IF refusal IS NOT NULL THEN
            RETURN;
        END IF;
    END IF;
    IF m.deleted_at IS NULL THEN
        PERFORM messaging.set_intent(p_channel_id, 'delete', m.matrix_event_id, p_caller, '{}');
    END IF;
    document := json_build_object('room_id', coalesce(m.matrix_room_id, ch.matrix_room_id),
        'event_id', m.matrix_event_id, 'is_deleted', m.deleted_at IS NOT NULL);
END
$$;

-- Takes a message's text out of the log.
CREATE FUNCTION messaging.purge_log(m public.messages) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE public.outbox SET payload = payload || '{"preview": "", "content_preview": ""}'
        || jsonb_build_object('message', (payload -> 'message') || '{"content_preview": "", "truncated": false}')
    -- Only events that hold the message, and by an index of them: of its reactions there may be any number.
    WHERE payload ->> 'message_id' = m.id::text AND payload ? 'message';
    UPDATE public.outbox SET payload = payload || '{"content": {}}'
    WHERE channel_id = m.channel_id AND seq = m.seq AND subject = 'integration.matrix.message';
END
$$;

-- A redaction that is in Matrix, of a message or of a reaction.
CREATE FUNCTION messaging.record_redaction(
    p_room_id text, p_target_event_id text, p_actor_id text, p_by_bot boolean,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    m public.messages;
    intent messaging.intents;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = messaging.channel_of_room(p_room_id) FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    intent := messaging.take_intent(ch.id, 'delete', p_target_event_id, p_actor_id, p_by_bot);
    DELETE FROM messaging.set_aside_events WHERE event_id = p_target_event_id AND room_id = p_room_id;
    DELETE FROM messaging.pending_relations
    WHERE channel_id = ch.id AND (event_id = p_target_event_id OR target_event_id = p_target_event_id);
    SELECT * INTO m FROM public.messages WHERE matrix_event_id = p_target_event_id AND channel_id = ch.id;
    IF NOT FOUND THEN
        IF NOT messaging.remove_reaction(ch, p_target_event_id) THEN
            INSERT INTO messaging.pending_redactions (event_id, channel_id)
            VALUES (p_target_event_id, ch.id) ON CONFLICT DO NOTHING;
        END IF;
    ELSIF m.deleted_at IS NULL THEN
        UPDATE public.messages SET deleted_at = now(), content_preview = '', is_truncated = false WHERE id = m.id RETURNING * INTO m;
        PERFORM messaging.purge_log(m);
        -- The fingerprints of its edits.
        DELETE FROM messaging.idempotency_keys WHERE caller = m.sender_id AND key LIKE 'edit ' || m.id || ' %';
        PERFORM messaging.emit_message(ch, 'message.deleted', messaging.take_seq(ch.id), m, messaging.message_json(m),
            jsonb_build_object('actor_id', coalesce(intent.actor_id, p_actor_id)));
    END IF;
END
$$;
