-- Roles, and what follows from them. One expression each where possible, so that they are inlined.

-- How much a role may decide about others.
CREATE FUNCTION messaging.rank(p_role text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_role WHEN 'owner' THEN 3 WHEN 'admin' THEN 2 ELSE 1 END
$$;

CREATE FUNCTION messaging.power_level(p_role text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_role WHEN 'owner' THEN 100 WHEN 'admin' THEN 50 ELSE 0 END
$$;

-- The power level of a member. One who may not write, an admin too, is below the level that writing takes, with whatever
-- client. From an owner nothing can be taken.
CREATE FUNCTION messaging.level_of(p_role text, p_can_write boolean) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p_role <> 'owner' AND NOT p_can_write THEN -1 ELSE messaging.power_level(p_role) END
$$;

-- The role that a power level is; p_role, which ranks no higher than a member, where it is none of its own.
CREATE FUNCTION messaging.role_of_level(p_level integer, p_member_type text, p_role text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p_member_type = 'agent' THEN 'agent' WHEN p_level >= 100 THEN 'owner' WHEN p_level >= 50 THEN 'admin'
        WHEN messaging.rank(p_role) > 1 THEN 'member' ELSE p_role END
$$;

-- The role of a member for whom nobody named one.
CREATE FUNCTION messaging.default_role(p_member_type text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_member_type WHEN 'agent' THEN 'agent' ELSE 'member' END
$$;

-- What a role may do about others, when nobody says otherwise; an owner reads and writes too. STABLE, because
-- jsonb_build_object is.
CREATE FUNCTION messaging.capabilities(p_role text) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('can_invite', messaging.rank(p_role) > 1, 'can_kick', messaging.rank(p_role) > 1,
                              'can_create_tasks', messaging.rank(p_role) > 1)
        || CASE p_role WHEN 'owner' THEN '{"can_read": true, "can_write": true}'::jsonb ELSE '{}'::jsonb END
$$;

-- Whether p_wanted, columns by name, takes reading or writing from an owner. Owners have both.
CREATE FUNCTION messaging.cripples_owner(p_role text, p_wanted jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT p_role = 'owner' AND p_wanted @? '$.keyvalue() ? ((@.key == "can_read" || @.key == "can_write") && @.value == false)'
$$;

-- Whether the member is the only owner of the channel.
CREATE FUNCTION messaging.is_last_owner(m public.channel_members) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN m.role = 'owner' AND NOT EXISTS (
        SELECT FROM public.channel_members o WHERE o.channel_id = m.channel_id AND o.id <> m.id AND o.role = 'owner'
            AND o.left_at IS NULL AND o.joined_at IS NOT NULL
            -- An owner who leaves or steps down at this moment does not count.
            AND NOT EXISTS (SELECT FROM messaging.intents i WHERE i.channel_id = o.channel_id AND i.target_id = o.member_id
                            AND (i.act = 'remove' OR i.act = 'role' AND i.details ->> 'role' <> 'owner')
                            AND messaging.is_under_way(i.created_at)));
END
$$;
