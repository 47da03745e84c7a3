-- Taking a reaction back: prepare_reaction_removal before it is redacted in Matrix; record_redaction, which finds it by
-- its event, after.

-- The caller's own reaction. Where there is none, event_id is null and there is nothing to do.
CREATE FUNCTION messaging.prepare_reaction_removal(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_message_id uuid, p_emoji text, p_limits jsonb DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    lookup record;
    ch public.channels;
    m public.messages;
    mine public.message_reactions;
BEGIN
    lookup := messaging.find_message(p_caller, p_microdaos, p_channel_id, p_message_id, 'know');
    refusal := lookup.refusal;
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    ch := lookup.channel;
    m := lookup.message;
    SELECT * INTO mine FROM public.message_reactions
    WHERE message_id = p_message_id AND reactor_id = p_caller AND removed_at IS NULL
        AND messaging.plain_emoji(emoji) = messaging.plain_emoji(p_emoji);
    IF mine.id IS NOT NULL AND ch.archived_at IS NOT NULL THEN
        refusal := 'channel_archived';
        RETURN;
    END IF;
    IF mine.id IS NOT NULL THEN
        SELECT l.refusal, l.details INTO refusal, document
        FROM messaging.limit_refusal(p_caller, p_channel_id, p_limits) l;
        IF refusal IS NOT NULL THEN
            RETURN;
        END IF;
    END IF;
    document := json_build_object('room_id', coalesce(m.matrix_room_id, ch.matrix_room_id), 'event_id', mine.matrix_event_id);
END
$$;

-- Marks the reaction that is the given Matrix event as removed; returns whether there is one.
-- The caller of this function holds the channel's row.
CREATE FUNCTION messaging.remove_reaction(ch public.channels, p_event_id text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    r public.message_reactions;
BEGIN
    SELECT x.* INTO r FROM public.message_reactions x JOIN public.messages m ON m.id = x.message_id
    WHERE x.matrix_event_id = p_event_id AND m.channel_id = ch.id;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF r.removed_at IS NULL THEN
        UPDATE public.message_reactions SET removed_at = now() WHERE id = r.id;
        PERFORM messaging.mark_search(r.message_id);
        -- The row may hold another event one day; a late copy of this one must not bring it back.
        INSERT INTO messaging.pending_redactions (event_id, channel_id) VALUES (p_event_id, ch.id) ON CONFLICT DO NOTHING;
        PERFORM messaging.emit(ch, 'messaging.reaction.removed', jsonb_build_object(
            'message_id', r.message_id, 'reactor_id', r.reactor_id, 'emoji', r.emoji));
    END IF;
    RETURN true;
END
$$;
