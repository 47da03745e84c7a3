-- Who may read what was said before they came (Matrix client-server API, "Room History Visibility").

-- A public channel is read by strangers: once its room shows them nothing (invited, joined), it is private. A closed channel is
-- read by members alone, so its room must not show itself to the world. must_close: the room has to be closed, which hides
-- it from the world.
CREATE FUNCTION messaging.record_history_visibility(
    p_room_id text, p_history_visibility text, p_sender_id text, p_by_bot boolean, p_changed_at text,
    p_event_id text DEFAULT NULL, p_order text DEFAULT 'clock', p_version text DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    judged record;
    hides boolean := p_history_visibility IN ('invited', 'joined');
    must_close boolean := false;
BEGIN
    ch := messaging.lock_room(p_room_id);
    IF ch.id IS NULL THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    judged := messaging.follow_state(ch.id, 'm.room.history_visibility', p_history_visibility, p_changed_at::timestamptz,
        p_event_id, p_order, p_version);
    IF judged.judgement IN ('follow', 'repeat') AND p_history_visibility = 'world_readable' AND ch.visibility <> 'public' THEN
        must_close := true;
        IF judged.judgement = 'follow' THEN
            PERFORM messaging.audit(ch.id, 'channel.updated', p_sender_id, NULL,
                '{"history_visibility": "world_readable", "undone": true}');
        END IF;
    ELSIF judged.judgement = 'follow' AND hides AND ch.visibility = 'public' THEN
        PERFORM messaging.change_channel(ch, p_sender_id, '{"visibility": "private"}');
        must_close := true;
    ELSIF judged.judgement = 'repeat' AND hides AND ch.visibility = 'private' THEN
        -- The try before may have got no further than this.
        must_close := messaging.has_just_closed(ch.id, 'm.room.history_visibility', p_sender_id);
    END IF;
    document := json_build_object('must_close', must_close, 'keeps_alias', NOT messaging.is_private(ch.id),
        'ask_version', CASE WHEN judged.judgement = 'ask' THEN judged.version END);
END
$$;
