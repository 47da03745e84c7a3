-- Pinning a message and taking the pin back: prepare_pin before the room's list changes, record_pin after.

-- Whether the list is being changed by another request. A list is written as a whole, so one at a time: what one of them
-- notes holds until it has recorded, the room has refused or told it, or it was cut off.
CREATE FUNCTION messaging.is_changing_pins(p_channel_id uuid, p_caller text, p_act text, p_event_id text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM messaging.intents WHERE channel_id = p_channel_id AND act IN ('pin', 'unpin')
            AND created_at > now() - interval '15 seconds'
            AND (act, target_id, actor_id) IS DISTINCT FROM (p_act, p_event_id, p_caller));
END
$$;

-- Owners and admins pin what they may read. is_done: the list is so already.
CREATE FUNCTION messaging.prepare_pin(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_message_id uuid, p_is_pinned boolean,
    p_limits jsonb DEFAULT NULL, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    m public.messages;
    act text := CASE WHEN p_is_pinned THEN 'pin' ELSE 'unpin' END;
    is_listed boolean;
BEGIN
    PERFORM messaging.settle_intents(p_channel_id);
    -- Locked before its intents, as in every record of a change.
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id FOR NO KEY UPDATE;
    refusal := messaging.manager_refusal(ch, p_caller, p_microdaos);
    IF refusal IS NULL AND messaging.access(ch, p_caller, p_microdaos) <> 'reads' THEN
        refusal := 'cannot_read';
    END IF;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT * INTO m FROM public.messages WHERE id = p_message_id AND channel_id = p_channel_id;
    IF NOT FOUND THEN
        refusal := 'message_not_found';
        RETURN;
    END IF;
    IF p_is_pinned AND m.deleted_at IS NOT NULL THEN
        refusal := 'message_deleted';
        RETURN;
    END IF;
    is_listed := EXISTS (
        SELECT FROM messaging.pins WHERE channel_id = p_channel_id AND event_id = m.matrix_event_id);
    IF is_listed <> p_is_pinned THEN
        IF messaging.is_changing_pins(p_channel_id, p_caller, act, m.matrix_event_id) THEN
            refusal := 'pins_being_changed';
        ELSIF p_is_pinned AND (SELECT count(*) FROM messaging.pins WHERE channel_id = p_channel_id) >= 100 THEN
            refusal := 'too_many_pins';
        ELSE
            SELECT l.refusal, l.details INTO refusal, document
            FROM messaging.limit_refusal(p_caller, p_channel_id, p_limits) l;
        END IF;
        IF refusal IS NOT NULL THEN
            RETURN;
        END IF;
        PERFORM messaging.set_intent(p_channel_id, act, m.matrix_event_id, p_caller, '{}');
    END IF;
    document := json_build_object('room_id', ch.matrix_room_id, 'event_id', m.matrix_event_id,
        'is_done', is_listed = p_is_pinned);
END
$$;

-- p_event_id: the message's event, p_state_event_id: the list's.
--
-- Only the homeserver knows what the list is when others change it at the same time. Where something was followed since this
-- was asked for, which may be older or newer, it has to be asked (ask_version, as of record_room_state). p_order:
--   'told'   the list was written
--   'now'    the homeserver was asked when p_version was known, and the room has p_list: {room_id, event_id, event_ids,
--            sender_id, by_bot}
--   'clock'  the homeserver cannot be asked: what it has told stays, and the note waits for what it has not told yet
CREATE FUNCTION messaging.record_pin(
    p_channel_id uuid, p_caller text, p_event_id text, p_is_pinned boolean, p_state_event_id text,
    p_order text DEFAULT 'clock', p_version text DEFAULT NULL, p_list jsonb DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    intent messaging.intents;
    known messaging.room_state;
    version text;
    is_now boolean;
    before uuid[];
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id FOR NO KEY UPDATE;
    IF ch.archived_at IS NOT NULL THEN
        refusal := 'channel_archived';
        RETURN;
    END IF;
    DELETE FROM messaging.intents WHERE channel_id = p_channel_id AND target_id = p_event_id AND actor_id = p_caller
        AND act = CASE WHEN p_is_pinned THEN 'pin' ELSE 'unpin' END
    RETURNING * INTO intent;
    -- Without the note the homeserver has told of it.
    IF intent.act IS NULL AND (p_order = 'clock' OR p_is_pinned = EXISTS (
        SELECT FROM messaging.pins WHERE channel_id = p_channel_id AND event_id = p_event_id)) THEN
        RETURN;
    END IF;
    SELECT * INTO known FROM messaging.room_state
    WHERE channel_id = p_channel_id AND event_type = 'm.room.pinned_events';
    version := messaging.state_version(known.changed_at, known.event_id);
    is_now := p_order = 'now' AND p_version = version;
    IF NOT is_now AND known.event_id IS DISTINCT FROM p_state_event_id
        AND (intent.act IS NULL OR known.followed_at > intent.created_at) THEN
        IF intent.act IS NOT NULL THEN
            INSERT INTO messaging.intents (channel_id, act, target_id, actor_id, created_at)
            VALUES (p_channel_id, intent.act, p_event_id, p_caller,
                    intent.created_at - CASE WHEN p_order = 'clock' THEN interval '1 minute' ELSE interval '0' END);
        END IF;
        document := messaging.must_ask_json(CASE WHEN p_order <> 'clock' THEN version END);
        RETURN;
    END IF;
    IF intent.act IS NOT NULL THEN
        before := ARRAY(SELECT m.id FROM messaging.pinned_messages(ch.id) m);
        IF p_is_pinned THEN
            INSERT INTO messaging.pins (channel_id, event_id, room_id, place, actor_id)
            SELECT ch.id, p_event_id, ch.matrix_room_id, coalesce(max(p.place), 0) + 1, p_caller
            FROM messaging.pins p WHERE p.channel_id = ch.id
            ON CONFLICT DO NOTHING;
        ELSE
            DELETE FROM messaging.pins WHERE channel_id = ch.id AND event_id = p_event_id;
        END IF;
        PERFORM messaging.mark_search(m.id) FROM public.messages m WHERE m.matrix_event_id = p_event_id AND m.channel_id = ch.id;
        PERFORM messaging.emit_pins(ch, before, p_caller, false);
    END IF;
    IF is_now THEN
        -- What others have done to the list by now comes behind it.
        PERFORM messaging.record_pinned_events(p_list ->> 'room_id',
            ARRAY(SELECT jsonb_array_elements_text(p_list -> 'event_ids')), p_list ->> 'sender_id',
            (p_list ->> 'by_bot')::boolean, now()::text, p_list ->> 'event_id', 'now', version);
    ELSE
        -- What was asked of the homeserver before counts no more.
        INSERT INTO messaging.room_state AS s (channel_id, event_type, changed_at)
        VALUES (ch.id, 'm.room.pinned_events', coalesce(intent.created_at, now()))
        ON CONFLICT (channel_id, event_type) DO UPDATE SET
            changed_at = greatest(s.changed_at + interval '1 microsecond', excluded.changed_at);
    END IF;
END
$$;
