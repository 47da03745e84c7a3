-- The room's list of pinned events is to be followed: all of it, in its order. Of a list that is longer than a channel's
-- may be, the last 1,000 are kept. ask_version: as of record_room_state.
CREATE FUNCTION messaging.record_pinned_events(
    p_room_id text, p_event_ids text[], p_sender_id text, p_by_bot boolean, p_changed_at text,
    p_event_id text DEFAULT NULL, p_order text DEFAULT 'clock', p_version text DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    judged record;
    listed text[];
    before uuid[];
    had text[];
    behind integer;
BEGIN
    ch := messaging.lock_room(p_room_id);
    IF ch.id IS NULL THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    document := messaging.must_ask_json(NULL);
    IF ch.archived_at IS NOT NULL THEN
        RETURN;
    END IF;
    judged := messaging.follow_state(ch.id, 'm.room.pinned_events', NULL, p_changed_at::timestamptz, p_event_id, p_order, p_version);
    IF judged.judgement = 'ask' THEN
        document := messaging.must_ask_json(judged.version);
    ELSIF judged.judgement = 'follow' THEN
        listed := ARRAY(
            SELECT last.event_id FROM (
                SELECT l.event_id, min(l.place) AS place FROM unnest(p_event_ids) WITH ORDINALITY l (event_id, place)
                GROUP BY l.event_id ORDER BY min(l.place) DESC LIMIT 1000) last
            ORDER BY last.place);
        before := ARRAY(SELECT m.id FROM messaging.pinned_messages(ch.id) m);
        had := ARRAY(SELECT event_id FROM messaging.pins WHERE channel_id = ch.id);
        DELETE FROM messaging.pins
        WHERE channel_id = ch.id AND room_id = ch.matrix_room_id AND event_id <> ALL (listed);
        -- What was pinned before an upgrade of the room stays in front.
        SELECT coalesce(max(place), 0) INTO behind FROM messaging.pins WHERE channel_id = ch.id AND room_id <> ch.matrix_room_id;
        INSERT INTO messaging.pins (channel_id, event_id, room_id, place, actor_id)
        SELECT ch.id, l.event_id, ch.matrix_room_id, behind + l.place, p_sender_id
        FROM unnest(listed) WITH ORDINALITY l (event_id, place)
        ON CONFLICT (channel_id, event_id) DO UPDATE SET place = excluded.place, room_id = excluded.room_id;
        PERFORM messaging.mark_search(m.id)
        FROM ((SELECT unnest(had) EXCEPT SELECT unnest(listed)) UNION (SELECT unnest(listed) EXCEPT SELECT unnest(had))) n (event_id)
        JOIN public.messages m ON m.matrix_event_id = n.event_id AND m.channel_id = ch.id;
        PERFORM messaging.emit_pins(ch, before, p_sender_id, p_by_bot);
    END IF;
END
$$;
