-- Editing a message: prepare_edit before the edit is in Matrix, record_edit after, and redactions of edits.

CREATE FUNCTION messaging.prepare_edit(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_message_id uuid,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    lookup record;
    ch public.channels;
    m public.messages;
    actor public.channel_members;
BEGIN
    lookup := messaging.find_channel(p_caller, p_microdaos, p_channel_id, 'know');
    refusal := lookup.refusal;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    ch := lookup.channel;
    SELECT * INTO m FROM public.messages WHERE id = p_message_id AND channel_id = p_channel_id;
    IF NOT FOUND THEN
        refusal := 'message_not_found';
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
    ELSIF ch.is_encrypted THEN
        refusal := 'channel_encrypted';
    ELSE
        document := json_build_object('room_id', coalesce(m.matrix_room_id, ch.matrix_room_id),
            'event_id', m.matrix_event_id);
    END IF;
END
$$;

-- An edit that is in Matrix. Another user's means nothing, and the newest one counts (Matrix client-server API,
-- "Event replacements").
CREATE FUNCTION messaging.record_edit(
    p_room_id text, p_target_event_id text, p_event_id text, p_sender_id text, p_content_preview text, p_edited_at text,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    m public.messages;
    edited timestamptz := least(p_edited_at::timestamptz, now());
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = messaging.channel_of_room(p_room_id) FOR NO KEY UPDATE;
    SELECT * INTO m FROM public.messages WHERE matrix_event_id = p_target_event_id AND channel_id = ch.id;
    IF NOT FOUND THEN
        IF ch.id IS NOT NULL THEN
            PERFORM messaging.keep_pending_relation(ch, p_target_event_id, p_event_id, 'edit', jsonb_build_object(
                'sender_id', p_sender_id, 'content_preview', CASE WHEN ch.is_encrypted THEN '' ELSE p_content_preview END,
                'edited_at', p_edited_at));
        END IF;
        refusal := 'message_not_found';
        RETURN;
    END IF;
    IF m.sender_id = p_sender_id AND m.deleted_at IS NULL AND m.edit_event_id IS DISTINCT FROM p_event_id
        AND (m.edited_at IS NULL OR (m.edited_at, m.edit_event_id) < (edited, p_event_id))
        AND NOT EXISTS (SELECT FROM messaging.pending_redactions WHERE channel_id = ch.id AND event_id = p_event_id) THEN
        UPDATE public.messages SET content_preview = CASE WHEN ch.is_encrypted THEN '' ELSE p_content_preview END,
            edited_at = edited, edit_event_id = p_event_id
        WHERE id = m.id RETURNING * INTO m;
        document := messaging.message_json(m);
        PERFORM messaging.emit_message(ch, 'message.updated', messaging.take_seq(ch.id), m, document);
    ELSE
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

-- An edit was redacted: the message shows again what Matrix now says of it, an earlier edit or itself.
CREATE FUNCTION messaging.record_edit_redaction(
    p_room_id text, p_event_id text, p_redacted_event_id text, p_content_preview text, p_edit_event_id text, p_edited_at text,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    m public.messages;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = messaging.channel_of_room(p_room_id) FOR NO KEY UPDATE;
    UPDATE public.messages SET content_preview = CASE WHEN ch.is_encrypted THEN '' ELSE p_content_preview END,
        edit_event_id = p_edit_event_id, edited_at = p_edited_at::timestamptz
    WHERE matrix_event_id = p_event_id AND channel_id = ch.id AND edit_event_id = p_redacted_event_id AND deleted_at IS NULL
    RETURNING * INTO m;
    IF FOUND THEN
        INSERT INTO messaging.pending_redactions (event_id, channel_id)
        VALUES (p_redacted_event_id, ch.id) ON CONFLICT DO NOTHING;
        PERFORM messaging.purge_log(m);
        PERFORM messaging.emit_message(ch, 'message.updated', messaging.take_seq(ch.id), m, messaging.message_json(m));
    END IF;
END
$$;
