-- What changes of the pinned messages, for whatever reason, is told message by message.

-- p_before: the messages that were pinned; NULL: nothing can have changed. p_actor_id: whose act it is, unless a note says
-- otherwise. The caller of this function holds the channel's row.
CREATE FUNCTION messaging.emit_pins(ch public.channels, p_before uuid[], p_actor_id text, p_by_bot boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    after uuid[];
    change record;
    actor text;
BEGIN
    IF p_before IS NULL THEN
        RETURN;
    END IF;
    after := ARRAY(SELECT m.id FROM messaging.pinned_messages(ch.id) m);
    -- Those that are pinned no more first. Each time at most 100 of both.
    FOR change IN
        SELECT m.id, m.matrix_event_id, m.id = ANY (after) AS is_pinned FROM public.messages m
        WHERE m.id = ANY (p_before || after) AND (m.id = ANY (p_before)) <> (m.id = ANY (after))
        ORDER BY m.id = ANY (after), coalesce(array_position(p_before, m.id), array_position(after, m.id))
    LOOP
        actor := coalesce((messaging.take_intent(ch.id, CASE WHEN change.is_pinned THEN 'pin' ELSE 'unpin' END,
            change.matrix_event_id, p_actor_id, p_by_bot)).actor_id, p_actor_id);
        PERFORM messaging.emit(ch, 'messaging.message.' || CASE WHEN change.is_pinned THEN 'pinned' ELSE 'unpinned' END,
            jsonb_build_object('message_id', change.id, 'actor_id', actor));
        PERFORM messaging.audit(ch.id, CASE WHEN change.is_pinned THEN 'message.pinned' ELSE 'message.unpinned' END, actor,
            change.id::text, NULL);
    END LOOP;
END
$$;

-- The pinned messages, where a message is in the list, else NULL.
CREATE FUNCTION messaging.pinned_beside(p_channel_id uuid, p_event_id text) RETURNS uuid[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF EXISTS (SELECT FROM messaging.pins WHERE channel_id = p_channel_id AND event_id = p_event_id) THEN
        RETURN ARRAY(SELECT m.id FROM messaging.pinned_messages(p_channel_id) m);
    END IF;
    RETURN NULL;
END
$$;

-- A message has come that was pinned before.
CREATE FUNCTION messaging.show_pin(ch public.channels, m public.messages) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    pinner text;
BEGIN
    SELECT actor_id INTO pinner FROM messaging.pins WHERE channel_id = ch.id AND event_id = m.matrix_event_id;
    IF FOUND THEN
        PERFORM messaging.emit_pins(ch, ARRAY(SELECT p.id FROM messaging.pinned_messages(ch.id, m.id) p), pinner, false);
    END IF;
END
$$;
