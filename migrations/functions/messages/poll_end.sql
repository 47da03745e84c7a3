-- The end of a poll.

-- Whether somebody may end a poll: who started it, and who may delete it (Matrix client-server API, "Polls").
CREATE FUNCTION messaging.may_end_poll(m public.messages, p_sender_id text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN m.sender_id = p_sender_id OR EXISTS (
        SELECT FROM public.channel_members x
        WHERE x.channel_id = m.channel_id AND x.member_id = p_sender_id AND x.left_at IS NULL AND x.joined_at IS NOT NULL
            AND messaging.rank(x.role) >= 2);
END
$$;

-- An end of a poll that is in Matrix. The first one counts; of two, votes up to the earlier one.
CREATE FUNCTION messaging.record_poll_end(
    p_room_id text, p_target_event_id text, p_event_id text, p_sender_id text, p_ended_at text,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    m public.messages;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = messaging.channel_of_room(p_room_id) FOR NO KEY UPDATE;
    SELECT * INTO m FROM public.messages WHERE matrix_event_id = p_target_event_id AND channel_id = ch.id;
    IF NOT FOUND THEN
        IF ch.id IS NOT NULL AND NOT EXISTS (
            SELECT FROM messaging.pending_redactions
            WHERE channel_id = ch.id AND event_id IN (p_target_event_id, p_event_id)) THEN
            PERFORM messaging.keep_pending_relation(ch, p_target_event_id, p_event_id, 'poll_end', jsonb_build_object(
                'sender_id', p_sender_id, 'ended_at', p_ended_at));
        END IF;
        refusal := 'message_not_found';
        RETURN;
    END IF;
    IF m.content_type <> 'poll' OR m.deleted_at IS NOT NULL OR NOT messaging.may_end_poll(m, p_sender_id)
        OR EXISTS (SELECT FROM messaging.pending_redactions WHERE channel_id = ch.id AND event_id = p_event_id) THEN
        RETURN;
    END IF;
    UPDATE messaging.polls SET ended_at = least(ended_at, p_ended_at::timestamptz, now()) WHERE message_id = m.id;
    IF m.poll_ended_at IS NULL THEN
        UPDATE public.messages SET poll_ended_at = greatest(least(p_ended_at::timestamptz, now()), created_at)
        WHERE id = m.id RETURNING * INTO m;
        PERFORM messaging.emit_message(ch, 'message.updated', messaging.take_seq(ch.id), m, messaging.message_json(m));
    END IF;
END
$$;
