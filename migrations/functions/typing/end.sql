-- The time of those who said nothing more is over: their channels are told, at most p_limit. What is left of them is
-- forgotten a minute later. The publishing relay asks for it every second.
CREATE FUNCTION messaging.end_typing(p_limit integer, OUT refusal messaging.refusal, OUT document json)
LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    ended bigint := 0;
BEGIN
    -- In an order: two relays may be at it for a moment.
    FOR ch IN
        SELECT c.* FROM public.channels c WHERE c.id IN (
            SELECT t.channel_id FROM messaging.typing t WHERE t.is_shown AND greatest(t.until, t.room_until) <= now())
        ORDER BY c.id LIMIT p_limit
    LOOP
        PERFORM messaging.begin_typing(ch.id);
        UPDATE messaging.typing SET is_shown = false
        WHERE channel_id = ch.id AND is_shown AND greatest(until, room_until) <= now();
        IF FOUND THEN
            PERFORM messaging.publish_typing(ch);
            ended := ended + 1;
        END IF;
    END LOOP;
    DELETE FROM messaging.typing WHERE ctid = ANY (ARRAY(
        SELECT t.ctid FROM messaging.typing t
        WHERE NOT t.is_shown AND greatest(t.until, t.room_until, t.said_at, t.told_at, t.echoes_until) < now() - interval '1 minute'
        LIMIT p_limit FOR UPDATE SKIP LOCKED));
    document := json_build_object('ended', ended);
END
$$;
