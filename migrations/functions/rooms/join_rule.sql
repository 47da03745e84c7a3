-- Who may join the room, as the homeserver tells it: the channel's visibility follows.

-- Whether the state of this type that was followed last has made the channel private, by the audit log: it is written in
-- the same transaction, which has begun before it got to follow the state. A rule of a closed channel has changed nothing.
CREATE FUNCTION messaging.has_just_closed(p_channel_id uuid, p_event_type text, p_sender_id text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM messaging.room_state s JOIN public.channel_events e ON e.channel_id = s.channel_id
            AND e.created_at BETWEEN s.followed_at - interval '1 minute' AND s.followed_at
        WHERE s.channel_id = p_channel_id AND s.event_type = p_event_type AND e.event_type = 'channel.updated'
            AND e.actor_id = p_sender_id AND e.metadata ->> 'visibility' = 'private');
END
$$;

CREATE FUNCTION messaging.is_private(p_channel_id uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM public.channels WHERE id = p_channel_id AND visibility = 'private');
END
$$;

-- Whether the room shows strangers nothing. The API shows them first what it opens (the note of the visibility): what hides it since
-- then is somebody's in Matrix.
CREATE FUNCTION messaging.hides_from_strangers(p_channel_id uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM messaging.room_state s
        WHERE s.channel_id = p_channel_id AND s.event_type = 'm.room.history_visibility' AND s.value IN ('invited', 'joined')
            AND NOT EXISTS (SELECT FROM messaging.intents i WHERE i.channel_id = p_channel_id AND i.act = 'visibility'
                                AND i.target_id = 'channel' AND i.details ->> 'visibility' = 'public'
                                AND i.created_at > coalesce(s.followed_at, '-infinity')));
END
$$;

-- p_is_open: everybody may join. A channel whose room is opened in Matrix is public, because strangers read it; one whose
-- room is closed is private, an archived one too. A direct channel stays private, and so does one that is archived or whose room
-- hides its history: must_close, the room has to be closed again, and taken out of the homeserver's list with all its aliases,
-- or without (keeps_alias). It also has to be when a public channel is closed.
CREATE FUNCTION messaging.record_join_rule(
    p_room_id text, p_is_open boolean, p_sender_id text, p_by_bot boolean, p_changed_at text, p_event_id text DEFAULT NULL,
    p_order text DEFAULT 'clock', p_version text DEFAULT NULL, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    judged record;
    must_close boolean := false;
    is_under_way boolean;
    stays_closed boolean;
BEGIN
    ch := messaging.lock_room(p_room_id);
    IF ch.id IS NULL THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    stays_closed := p_is_open AND ch.visibility <> 'public'
        AND (ch.is_direct OR ch.archived_at IS NOT NULL OR messaging.hides_from_strangers(ch.id));
    judged := messaging.follow_state(ch.id, 'm.room.join_rules', CASE WHEN p_is_open THEN 'public' ELSE 'closed' END,
        p_changed_at::timestamptz, p_event_id, p_order, p_version);
    IF judged.judgement = 'repeat' THEN
        -- The try before may have got no further than this.
        must_close := stays_closed OR NOT p_is_open AND ch.visibility = 'private'
            AND messaging.has_just_closed(ch.id, 'm.room.join_rules', p_sender_id);
    ELSIF judged.judgement = 'follow' AND stays_closed THEN
        must_close := true;
        PERFORM messaging.audit(ch.id, 'channel.updated', p_sender_id, NULL, '{"join_rule": "public", "undone": true}');
    ELSIF judged.judgement = 'follow' AND (ch.archived_at IS NULL OR NOT p_is_open) THEN
        is_under_way := messaging.follow_field(ch, 'visibility', CASE WHEN p_is_open THEN 'public' ELSE 'closed' END,
            CASE WHEN p_is_open THEN '{"visibility": "public"}'::jsonb
                 WHEN ch.visibility = 'public' THEN '{"visibility": "private"}' ELSE '{}' END, p_sender_id, p_by_bot);
        must_close := NOT is_under_way AND NOT p_is_open AND ch.visibility = 'public';
    END IF;
    document := json_build_object('must_close', must_close, 'keeps_alias', NOT messaging.is_private(ch.id),
        'ask_version', CASE WHEN judged.judgement = 'ask' THEN judged.version END);
END
$$;
