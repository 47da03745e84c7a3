-- A channel on hold: nothing of it is deleted by retention or erasure. People still delete what they may.

-- p_reason NULL ends the hold. under_way: how many removals had begun, which are carried out all the same: the hold holds from when
-- there are none.
CREATE FUNCTION messaging.set_hold(
    p_channel_id uuid, p_reason text, p_actor_id text, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    END IF;
    IF p_reason IS DISTINCT FROM ch.hold_reason THEN
        UPDATE public.channels SET hold_reason = p_reason WHERE id = ch.id;
        PERFORM messaging.audit(ch.id, 'channel.updated', p_actor_id, NULL,
            jsonb_build_object('retention_hold', p_reason IS NOT NULL, 'reason', coalesce(p_reason, ch.hold_reason)));
        PERFORM messaging.look_again(ch.id);
    END IF;
    document := json_build_object('channel_id', ch.id, 'is_held', p_reason IS NOT NULL, 'reason', p_reason,
        'under_way', (SELECT count(*) FROM messaging.removals
                      WHERE channel_id = ch.id AND is_claimed AND due_at > now() AND p_reason IS NOT NULL));
END
$$;
