-- Gives the replies that came before p_message their place: what they reply to, or the thread that they are in. Where that
-- message waits for the root of its own thread, they wait for the same root. A flood of them is cut off.
CREATE FUNCTION messaging.adopt_replies(ch public.channels, p_message public.messages) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    event_id text := p_message.matrix_event_id;
    root public.messages;
    root_id uuid;
    before public.messages;
    reply public.messages;
BEGIN
    -- As nearly always.
    IF NOT EXISTS (SELECT FROM public.messages WHERE channel_id = ch.id AND awaited_event_id = event_id)
        AND NOT EXISTS (SELECT FROM public.messages WHERE channel_id = ch.id AND awaited_thread_event_id = event_id) THEN
        RETURN;
    END IF;
    root := messaging.thread_root(p_message);
    root_id := CASE WHEN root.awaited_thread_event_id IS NULL THEN root.id END;
    FOR before IN SELECT * FROM public.messages WHERE id IN (
            (SELECT id FROM public.messages WHERE channel_id = ch.id AND awaited_event_id = event_id ORDER BY seq LIMIT 100)
            UNION ALL
            (SELECT id FROM public.messages WHERE channel_id = ch.id AND awaited_thread_event_id = event_id
             ORDER BY seq LIMIT 100))
        ORDER BY seq LOOP
        UPDATE public.messages SET
            reply_to = CASE WHEN awaited_event_id = event_id THEN p_message.id ELSE reply_to END,
            awaited_event_id = nullif(awaited_event_id, event_id),
            thread_id = CASE WHEN awaited_thread_event_id = event_id THEN root_id ELSE thread_id END,
            -- It was counted in the channel, and now belongs to a thread.
            is_uncounted = is_uncounted OR root_id IS NOT NULL AND coalesce(awaited_thread_event_id = event_id, false),
            awaited_thread_event_id = CASE WHEN awaited_thread_event_id = event_id THEN root.awaited_thread_event_id
                ELSE awaited_thread_event_id END
        WHERE id = before.id RETURNING * INTO reply;
        IF reply.thread_id IS DISTINCT FROM before.thread_id THEN
            UPDATE messaging.message_mentions SET thread_id = reply.thread_id WHERE message_id = reply.id;
            PERFORM messaging.add_to_thread(reply);
        END IF;
        IF reply.deleted_at IS NULL
            AND (reply.thread_id, reply.reply_to) IS DISTINCT FROM (before.thread_id, before.reply_to) THEN
            PERFORM messaging.emit_message(ch, 'message.updated', messaging.take_seq(ch.id), reply, messaging.message_json(reply));
        END IF;
    END LOOP;
END
$$;
