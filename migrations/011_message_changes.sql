-- Messages: get one, edit, delete, and what the homeserver says of that.

-- The edit that the row shows, so that a late, older one does not undo it.
ALTER TABLE messages ADD COLUMN IF NOT EXISTS edit_event_id text;

CREATE INDEX IF NOT EXISTS messages_edit_event ON messages (edit_event_id) WHERE edit_event_id IS NOT NULL;

CREATE INDEX IF NOT EXISTS outbox_integration ON outbox (channel_id, seq) WHERE subject = 'integration.matrix.message';

-- A deleted message's text is taken out of the log as well.
CREATE INDEX IF NOT EXISTS outbox_message ON outbox ((payload ->> 'message_id')) WHERE payload ? 'message_id';

CREATE FUNCTION messaging.get_message(p_caller text, p_microdaos text[], p_channel uuid, p_message uuid) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    ch channels;
    m messages;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel;
    CASE messaging.access(ch, p_caller, p_microdaos)
        WHEN 'none' THEN RETURN messaging.refused('channel_not_found');
        WHEN 'knows' THEN RETURN messaging.refused('cannot_read');
        ELSE NULL;
    END CASE;
    SELECT * INTO m FROM messages WHERE id = p_message AND channel_id = p_channel;
    IF NOT FOUND THEN
        RETURN messaging.refused('message_not_found');
    END IF;
    RETURN jsonb_build_object('room_id', coalesce(m.matrix_room_id, ch.matrix_room_id), 'event_id', m.matrix_event_id,
        'deleted', m.deleted_at IS NOT NULL, 'message', messaging.message_json(m));
END
$$;

-- Before a message is edited or deleted in Matrix. p_act is 'edit' (the sender) or 'delete' (the sender, an admin, the owner).
CREATE FUNCTION messaging.prepare_message_change(
    p_caller text, p_microdaos text[], p_channel uuid, p_message uuid, p_act text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
    m messages;
    actor channel_members;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel;
    IF messaging.access(ch, p_caller, p_microdaos) = 'none' THEN
        RETURN messaging.refused('channel_not_found');
    END IF;
    SELECT * INTO m FROM messages WHERE id = p_message AND channel_id = p_channel;
    IF NOT FOUND THEN
        RETURN messaging.refused('message_not_found');
    END IF;
    SELECT * INTO actor FROM channel_members
    WHERE channel_id = p_channel AND member_id = p_caller AND left_at IS NULL AND joined_at IS NOT NULL;
    IF p_act = 'edit' AND m.sender_id <> p_caller
        OR p_act = 'delete' AND m.sender_id <> p_caller AND coalesce(messaging.rank(actor.role), 0) < 2 THEN
        RETURN messaging.refused(CASE p_act WHEN 'edit' THEN 'not_the_sender' ELSE 'cannot_delete' END);
    END IF;
    IF m.deleted_at IS NOT NULL AND p_act = 'delete' THEN
        RETURN jsonb_build_object('room_id', coalesce(m.matrix_room_id, ch.matrix_room_id), 'event_id', m.matrix_event_id, 'deleted', true);
    END IF;
    IF m.deleted_at IS NOT NULL THEN
        RETURN messaging.refused('message_deleted');
    END IF;
    IF ch.archived_at IS NOT NULL THEN
        RETURN messaging.refused('channel_archived');
    END IF;
    IF actor.id IS NULL THEN
        RETURN messaging.refused('not_a_member');
    END IF;
    IF p_act = 'edit' AND NOT actor.can_write THEN
        RETURN messaging.refused('cannot_write');
    END IF;
    IF p_act = 'edit' AND ch.is_encrypted THEN
        RETURN messaging.refused('encrypted');
    END IF;
    IF p_act = 'delete' THEN
        PERFORM messaging.set_intent(p_channel, 'delete', m.matrix_event_id, p_caller, '{}');
    END IF;
    RETURN jsonb_build_object('room_id', coalesce(m.matrix_room_id, ch.matrix_room_id), 'event_id', m.matrix_event_id, 'deleted', false);
END
$$;

-- An edit that is in Matrix. Another user's means nothing, and the newest one counts (Matrix client-server API,
-- "Event replacements").
CREATE FUNCTION messaging.record_edit(
    p_room_id text, p_target_event_id text, p_event_id text, p_sender text, p_preview text, p_edited_at text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
    m messages;
    edited timestamptz := least(p_edited_at::timestamptz, now());
BEGIN
    SELECT * INTO ch FROM channels WHERE id = messaging.channel_of_room(p_room_id) FOR NO KEY UPDATE;
    SELECT * INTO m FROM messages WHERE matrix_event_id = p_target_event_id AND channel_id = ch.id;
    IF NOT FOUND THEN
        IF ch.id IS NOT NULL THEN
            PERFORM messaging.keep_early_relation(ch, p_target_event_id, p_event_id, 'edit', jsonb_build_object(
                'sender', p_sender, 'preview', CASE WHEN ch.is_encrypted THEN '' ELSE p_preview END, 'edited_at', p_edited_at));
        END IF;
        RETURN messaging.refused('message_not_found');
    END IF;
    IF m.sender_id = p_sender AND m.deleted_at IS NULL AND m.edit_event_id IS DISTINCT FROM p_event_id
        AND (m.edited_at IS NULL OR (m.edited_at, m.edit_event_id) < (edited, p_event_id))
        AND NOT EXISTS (SELECT FROM messaging.early_redactions WHERE event_id = p_event_id) THEN
        UPDATE messages SET content_preview = CASE WHEN ch.is_encrypted THEN '' ELSE p_preview END,
            edited_at = edited, edit_event_id = p_event_id
        WHERE id = m.id RETURNING * INTO m;
        PERFORM messaging.emit_message(ch, 'message.updated', messaging.take_seq(ch.id), m);
    END IF;
    RETURN messaging.message_json(m);
END
$$;

-- Takes a message's text out of the log.
CREATE FUNCTION messaging.purge_log(m messages) RETURNS void LANGUAGE sql AS $$
    UPDATE outbox SET payload = payload || '{"preview": "", "content_preview": ""}'
        || jsonb_build_object('message', (payload -> 'message') || '{"content_preview": ""}')
    WHERE payload ? 'message_id' AND payload ->> 'message_id' = m.id::text AND payload ? 'message';
    UPDATE outbox SET payload = payload || '{"content": {}}'
    WHERE channel_id = m.channel_id AND seq = m.seq AND subject = 'integration.matrix.message';
$$;

-- The message that shows the given edit, if any.
CREATE FUNCTION messaging.find_edited(p_room_id text, p_edit_event_id text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('event_id', (
        SELECT m.matrix_event_id FROM messages m JOIN channels ch ON ch.id = m.channel_id
        WHERE m.edit_event_id = p_edit_event_id AND ch.id = messaging.channel_of_room(p_room_id) AND m.deleted_at IS NULL))
$$;

-- An edit was redacted: the message shows again what Matrix now says of it, an earlier edit or itself.
CREATE FUNCTION messaging.record_unedit(
    p_room_id text, p_event_id text, p_redacted_event_id text, p_preview text, p_edit_event_id text, p_edited_at text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
    m messages;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = messaging.channel_of_room(p_room_id) FOR NO KEY UPDATE;
    UPDATE messages SET content_preview = CASE WHEN ch.is_encrypted THEN '' ELSE p_preview END,
        edit_event_id = p_edit_event_id, edited_at = p_edited_at::timestamptz
    WHERE matrix_event_id = p_event_id AND channel_id = ch.id AND edit_event_id = p_redacted_event_id AND deleted_at IS NULL
    RETURNING * INTO m;
    IF FOUND THEN
        INSERT INTO messaging.early_redactions (event_id, channel_id) VALUES (p_redacted_event_id, ch.id) ON CONFLICT DO NOTHING;
        PERFORM messaging.purge_log(m);
        PERFORM messaging.emit_message(ch, 'message.updated', messaging.take_seq(ch.id), m);
    END IF;
    RETURN jsonb_build_object('changed', m.id IS NOT NULL);
END
$$;

-- A redaction that is in Matrix, of a message or of a reaction.
CREATE FUNCTION messaging.record_redaction(p_room_id text, p_target_event_id text, p_actor text, p_by_bot boolean) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
    m messages;
    intent messaging.intents;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = messaging.channel_of_room(p_room_id) FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN messaging.refused('channel_not_found');
    END IF;
    intent := messaging.take_intent(ch.id, 'delete', p_target_event_id, p_actor, p_by_bot);
    DELETE FROM messaging.early_relations WHERE event_id = p_target_event_id OR target_event_id = p_target_event_id;
    SELECT * INTO m FROM messages WHERE matrix_event_id = p_target_event_id AND channel_id = ch.id;
    IF NOT FOUND THEN
        IF NOT messaging.remove_reaction(ch, p_target_event_id) THEN
            INSERT INTO messaging.early_redactions (event_id, channel_id) VALUES (p_target_event_id, ch.id) ON CONFLICT DO NOTHING;
        END IF;
    ELSIF m.deleted_at IS NULL THEN
        UPDATE messages SET deleted_at = now(), content_preview = '' WHERE id = m.id RETURNING * INTO m;
        PERFORM messaging.purge_log(m);
        PERFORM messaging.publish(ch, messaging.take_seq(ch.id), 'messaging.message.deleted', jsonb_build_object(
            'message_id', m.id, 'matrix_event_id', m.matrix_event_id, 'sender_id', m.sender_id,
            'sender_type', m.sender_type, 'preview', '', 'content_preview', '', 'created_at', messaging.rfc3339(m.created_at),
            'message', messaging.message_json(m), 'actor_id', coalesce(intent.actor_id, p_actor)));
    END IF;
    RETURN jsonb_build_object('redacted', true);
END
$$;
