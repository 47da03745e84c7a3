-- Ending all of somebody's memberships in a microDAO: list_ending_memberships says what to do in Matrix,
-- record_ended_membership comes after each.

-- The first p_limit of them, oldest channel first, an invitation too, and how many are left behind these. successor: who is
-- to be made the owner first; it is null and needs_owner true where nobody can be. p_actor_id: whose act it is. must_wait: as
-- of prepare_removal, of one of these.
CREATE FUNCTION messaging.list_ending_memberships(
    p_microdao_id text, p_member_id text, p_limit integer, p_actor_id text, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    total bigint;
BEGIN
    -- So that the push of the lost power level is no change of role.
    PERFORM messaging.set_intent(e.id, 'remove', p_member_id, p_actor_id, '{}') FROM (
        SELECT ch.id FROM public.channel_members m JOIN public.channels ch ON ch.id = m.channel_id
        WHERE m.member_id = p_member_id AND m.left_at IS NULL AND ch.microdao_id = p_microdao_id
        ORDER BY ch.created_at, ch.id LIMIT p_limit) e;
    SELECT count(*) INTO total FROM public.channel_members m JOIN public.channels ch ON ch.id = m.channel_id
    WHERE m.member_id = p_member_id AND m.left_at IS NULL AND ch.microdao_id = p_microdao_id;
    document := json_build_object('remaining', greatest(total - p_limit, 0), 'memberships', (
        SELECT coalesce(json_agg(json_build_object(
            'channel_id', e.id, 'room_id', e.matrix_room_id, 'matrix_user_id', e.matrix_user_id,
            'power_level', e.matrix_power_level, 'needs_owner', e.is_last_owner,
            'successor', CASE WHEN e.is_last_owner THEN
                (SELECT json_build_object('member_id', s.member_id, 'matrix_user_id', s.matrix_user_id)
                 FROM messaging.successor(e.id, p_member_id) s WHERE s.id IS NOT NULL) END) ORDER BY e.created_at, e.id), '[]')
        FROM (SELECT ch.id, ch.matrix_room_id, ch.created_at, m.matrix_user_id, m.matrix_power_level,
                     messaging.is_last_owner(m) AS is_last_owner
              FROM public.channel_members m JOIN public.channels ch ON ch.id = m.channel_id
              WHERE m.member_id = p_member_id AND m.left_at IS NULL AND ch.microdao_id = p_microdao_id
              ORDER BY ch.created_at, ch.id LIMIT p_limit) e),
        'must_wait', EXISTS (
            SELECT FROM (SELECT ch.id FROM public.channel_members m JOIN public.channels ch ON ch.id = m.channel_id
                         WHERE m.member_id = p_member_id AND m.left_at IS NULL AND ch.microdao_id = p_microdao_id
                         ORDER BY ch.created_at, ch.id LIMIT p_limit) e
            WHERE messaging.is_changing_level(e.id, p_member_id, 0)));
END
$$;

-- p_successor_id: who was given an owner's power level in the room. has_owner: whether the channel has an owner afterwards.
CREATE FUNCTION messaging.record_ended_membership(
    p_channel_id uuid, p_member_id text, p_actor_id text, p_successor_id text, OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    heir public.channel_members;
    intent messaging.intents;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id FOR NO KEY UPDATE;
    intent := messaging.take_intent(p_channel_id, 'remove', p_member_id, p_actor_id, false);
    SELECT * INTO heir FROM public.channel_members
    WHERE channel_id = p_channel_id AND member_id = p_successor_id AND left_at IS NULL AND joined_at IS NOT NULL;
    IF FOUND THEN
        PERFORM messaging.change_member(ch, heir, p_actor_id,
            '{"role": "owner"}'::jsonb || messaging.capabilities('owner'), now());
    END IF;
    PERFORM messaging.remove_member(ch, p_member_id, p_actor_id);
    UPDATE public.channel_members SET matrix_power_level = least(matrix_power_level, 0),
        matrix_changed_at = greatest(matrix_changed_at, intent.created_at),
        role_asked_at = greatest(role_asked_at, intent.created_at)
    WHERE channel_id = p_channel_id AND member_id = p_member_id;
    -- The successor may have gone meanwhile, as where two owners are ended at once.
    PERFORM messaging.appoint_owner(ch, p_member_id, p_actor_id);
    document := json_build_object('has_owner', EXISTS (
        SELECT FROM public.channel_members WHERE channel_id = p_channel_id AND role = 'owner' AND left_at IS NULL
            AND joined_at IS NOT NULL));
END
$$;
