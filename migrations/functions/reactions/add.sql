-- Reacting: prepare_reaction before the reaction is in Matrix, record_reaction after.

-- Whether the caller may react, whether they have to join first, and whether they have reacted so already: by the API a
-- picture is one reaction, with and without a variation selector.
CREATE FUNCTION messaging.prepare_reaction(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_message_id uuid, p_emoji text, p_limits jsonb DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    m public.messages;
    writer record;
    mine public.message_reactions;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id;
    writer := messaging.writer(ch, p_caller, p_microdaos);
    refusal := writer.refusal;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT * INTO m FROM public.messages WHERE id = p_message_id AND channel_id = p_channel_id;
    IF NOT FOUND THEN
        refusal := 'message_not_found';
        RETURN;
    END IF;
    IF m.deleted_at IS NOT NULL THEN
        refusal := 'message_deleted';
        RETURN;
    END IF;
    SELECT * INTO mine FROM public.message_reactions
    WHERE message_id = p_message_id AND reactor_id = p_caller AND removed_at IS NULL
        AND messaging.plain_emoji(emoji) = messaging.plain_emoji(p_emoji);
    IF mine.id IS NULL AND NOT messaging.has_room_for_reaction(p_message_id, p_caller, p_emoji) THEN
        refusal := 'too_many_reactions';
        RETURN;
    END IF;
    IF mine.id IS NULL THEN
        SELECT l.refusal, l.details INTO refusal, document
        FROM messaging.limit_refusal(p_caller, p_channel_id, p_limits) l;
        IF refusal IS NOT NULL THEN
            RETURN;
        END IF;
    END IF;
    IF writer.must_join THEN
        PERFORM messaging.intend_join(ch, p_caller, p_microdaos);
    END IF;
    document := json_build_object('room_id', coalesce(m.matrix_room_id, ch.matrix_room_id), 'event_id', m.matrix_event_id,
        'must_join', writer.must_join, 'has_reacted', mine.id IS NOT NULL,
        -- Each time that somebody reacts so anew is an act of its own.
        'last_event_id', (SELECT matrix_event_id FROM public.message_reactions
                          WHERE message_id = p_message_id AND reactor_id = p_caller AND emoji = p_emoji));
END
$$;

-- A reaction that is in Matrix, as Matrix has it: of two that differ by a variation selector each is indexed, so that
-- taking one back leaves the other. What is more than the API would take is left out, as is what comes too late: left_out is
-- the refusal for it, and the API (p_is_pushed is false) takes its own out of the room again. p_joined_at: the reactor has just
-- joined by reacting, as components of earlier versions say it; others call record_join before they react. p_sent_at: when the
-- homeserver says that they have.
CREATE FUNCTION messaging.record_reaction(
    p_room_id text, p_target_event_id text, p_event_id text, p_reactor_id text, p_reactor_type text,
    p_reactor_matrix_id text, p_emoji text, p_joined_at text, p_is_pushed boolean DEFAULT true,
    p_sent_at text DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    m public.messages;
    left_out messaging.refusal;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = messaging.channel_of_room(p_room_id) FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    IF p_joined_at IS NOT NULL THEN
        PERFORM messaging.admit(ch, p_reactor_id, p_reactor_type, p_reactor_matrix_id, true, p_joined_at::timestamptz);
    END IF;
    SELECT * INTO m FROM public.messages WHERE matrix_event_id = p_target_event_id AND channel_id = ch.id;
    IF NOT FOUND THEN
        PERFORM messaging.keep_pending_relation(ch, p_target_event_id, p_event_id, 'reaction', jsonb_build_object(
            'reactor_id', p_reactor_id, 'reactor_type', p_reactor_type, 'reactor_matrix_id', p_reactor_matrix_id,
            'emoji', p_emoji, 'sent_at', p_sent_at));
        refusal := 'message_not_found';
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM messaging.pending_redactions WHERE channel_id = ch.id AND event_id = p_event_id)
        -- Removed already: a late copy of the event does not bring it back.
        OR EXISTS (SELECT FROM public.message_reactions WHERE matrix_event_id = p_event_id) THEN
        RETURN;
    END IF;
    IF ch.hold_reason IS NULL AND messaging.is_of_erased(p_reactor_matrix_id, p_sent_at::timestamptz) THEN
        PERFORM messaging.note_unindexed(ch, p_room_id, p_event_id);
        RETURN;
    END IF;
    left_out := CASE WHEN m.deleted_at IS NOT NULL THEN 'message_deleted' WHEN ch.archived_at IS NOT NULL THEN 'channel_archived'
        WHEN NOT messaging.has_room_for_reaction(m.id, p_reactor_id, p_emoji) THEN 'too_many_reactions' END;
    IF left_out IS NOT NULL THEN
        document := json_build_object('left_out', left_out);
        -- As one that was taken back: the next time is an act of its own.
        IF NOT p_is_pushed THEN
            INSERT INTO messaging.pending_redactions (event_id, channel_id) VALUES (p_event_id, ch.id) ON CONFLICT DO NOTHING;
            INSERT INTO public.message_reactions AS r (message_id, reactor_id, reactor_type, emoji, matrix_event_id, removed_at)
            VALUES (m.id, p_reactor_id, p_reactor_type, p_emoji, p_event_id, now())
            ON CONFLICT (message_id, reactor_id, emoji) DO UPDATE SET matrix_event_id = excluded.matrix_event_id
                WHERE r.removed_at IS NOT NULL;
        END IF;
        RETURN;
    END IF;
    INSERT INTO public.message_reactions AS r (message_id, reactor_id, reactor_type, emoji, matrix_event_id)
    VALUES (m.id, p_reactor_id, p_reactor_type, p_emoji, p_event_id)
    ON CONFLICT (message_id, reactor_id, emoji) DO UPDATE SET
        matrix_event_id = excluded.matrix_event_id, created_at = now(), removed_at = NULL
        WHERE r.removed_at IS NOT NULL;
    IF FOUND THEN
        PERFORM messaging.mark_search(m.id);
        PERFORM messaging.emit(ch, 'messaging.reaction.added', jsonb_build_object(
            'message_id', m.id, 'reactor_id', p_reactor_id, 'emoji', p_emoji));
    END IF;
END
$$;
