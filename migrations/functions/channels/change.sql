-- Changing a channel: prepare_channel_change before its room changes, record_channel_change after.

-- The part of p_changes, the new value of each column, that differs from the channel.
CREATE FUNCTION messaging.channel_differences(ch public.channels, p_changes jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    present jsonb := messaging.channel_json(ch);
BEGIN
    RETURN (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(p_changes)
            WHERE value IS DISTINCT FROM present -> key);
END
$$;

-- What a channel says of its links after changes. Of a private one only its owner says that they show what they are: what was
-- said before it was private does not count.
CREATE FUNCTION messaging.changed_previews(ch public.channels, p_actor_id text, p_changes jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
DECLARE
    becomes_private boolean := coalesce(p_changes ->> 'visibility' = 'private', false);
BEGIN
    IF NOT p_changes ? 'link_previews' THEN
        RETURN CASE WHEN becomes_private THEN nullif(ch.link_previews, true) ELSE ch.link_previews END;
    ELSIF becomes_private OR ch.visibility = 'private' AND NOT p_changes ? 'visibility' THEN
        RETURN CASE WHEN messaging.owns_channel(ch.id, p_actor_id) THEN (p_changes ->> 'link_previews')::boolean
                    ELSE nullif((p_changes ->> 'link_previews')::boolean, true) END;
    END IF;
    RETURN (p_changes ->> 'link_previews')::boolean;
END
$$;

CREATE FUNCTION messaging.owns_channel(p_channel_id uuid, p_member_id text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM public.channel_members
                   WHERE channel_id = p_channel_id AND member_id = p_member_id AND role = 'owner'
                       AND joined_at IS NOT NULL AND left_at IS NULL);
END
$$;

-- Applies changes, already carried out in Matrix, to the row; returns the channel's document afterwards. p_changes
-- holds the new value of each changed column. The caller of this function holds the channel's row.
CREATE FUNCTION messaging.change_channel(ch public.channels, p_actor_id text, p_changes jsonb) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    after public.channels;
    changes jsonb := messaging.channel_differences(ch, p_changes);
    changed json;
BEGIN
    IF changes ? 'retention_days' AND NOT messaging.owns_channel(ch.id, p_actor_id) THEN
        changes := changes - 'retention_days';
    END IF;
    IF changes = '{}' THEN
        RETURN messaging.channel_json(ch);
    END IF;
    UPDATE public.channels SET
        name = coalesce(changes ->> 'name', name),
        description = CASE WHEN changes ? 'description' THEN changes ->> 'description' ELSE description END,
        topic = CASE WHEN changes ? 'topic' THEN changes ->> 'topic' ELSE topic END,
        avatar_url = CASE WHEN changes ? 'avatar_url' THEN changes ->> 'avatar_url' ELSE avatar_url END,
        visibility = coalesce(changes ->> 'visibility', visibility),
        link_previews = messaging.changed_previews(ch, p_actor_id, changes),
        retention_days = CASE WHEN changes ? 'retention_days' THEN (changes ->> 'retention_days')::integer
                              ELSE retention_days END,
        is_encrypted = is_encrypted OR coalesce((changes ->> 'is_encrypted')::boolean, false),
        matrix_room_id = coalesce(changes ->> 'matrix_room_id', matrix_room_id),
        alias_name = CASE WHEN changes ->> 'visibility' = 'private' THEN NULL ELSE alias_name END,
        updated_at = now()
    WHERE id = ch.id RETURNING * INTO after;
    changed := messaging.channel_json(after);
    IF messaging.shows_previews(ch) AND NOT messaging.shows_previews(after) THEN
        PERFORM messaging.stop_waiting_links(ch.id);
    END IF;
    IF changes ? 'retention_days' THEN
        PERFORM messaging.look_again(ch.id);
    END IF;
    PERFORM messaging.audit(ch.id, 'channel.updated', p_actor_id, NULL, changes);
    PERFORM messaging.emit_channel(after, 'channel.updated', p_actor_id, changed);
    RETURN changed;
END
$$;

-- Notes a change of the channel, and returns what the note is about. Two at once are two notes; of those that came to
-- nothing the latest 20 are kept.
CREATE FUNCTION messaging.intend_update(p_channel_id uuid, p_caller text, p_changes jsonb) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    target text := md5(p_caller || ' ' || p_changes);
BEGIN
    PERFORM messaging.set_intent(p_channel_id, 'update', target, p_caller, p_changes);
    DELETE FROM messaging.intents WHERE channel_id = p_channel_id AND act = 'update' AND target_id IN (
        SELECT target_id FROM messaging.intents WHERE channel_id = p_channel_id AND act = 'update'
        ORDER BY created_at DESC OFFSET 20);
    RETURN target;
END
$$;

-- Whether somebody is about to give the channel another visibility than p_visibility; NULL is asked for by nobody, '' differs from
-- each. Each writes the room's join rule, its place in the list and its
-- alias one after the other, so of two at once, or beside an archive, the room could have parts of both.
CREATE FUNCTION messaging.is_changing_visibility(p_channel_id uuid, p_visibility text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM messaging.intents
                   WHERE channel_id = p_channel_id AND act = 'visibility' AND target_id = 'channel'
                       AND details ->> 'visibility' <> p_visibility AND messaging.is_under_way(created_at));
END
$$;

-- alias_name: with a change of the visibility, the local part of the alias that the room has afterwards, or NULL. intent: what
-- the note of this change is about, for drop_intent.
CREATE FUNCTION messaging.prepare_channel_change(
    p_caller text, p_microdaos text[], p_channel_id uuid, p_changes jsonb, p_limits jsonb DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    changes jsonb;
    alias text;
    intent text;
BEGIN
    PERFORM messaging.settle_intents(p_channel_id);
    -- Locked before its intents, as in every record of a change.
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id FOR NO KEY UPDATE;
    refusal := messaging.manager_refusal(ch, p_caller, p_microdaos);
    IF refusal IS NOT NULL THEN
        RETURN;
    END IF;
    IF ch.is_direct AND p_changes ? 'visibility' AND p_changes ->> 'visibility' <> ch.visibility THEN
        refusal := 'direct_stays_private';
        RETURN;
    END IF;
    changes := messaging.channel_differences(ch, p_changes);
    IF messaging.is_changing_visibility(p_channel_id, p_changes ->> 'visibility')
        OR changes ? 'visibility' AND messaging.is_being_undone(p_channel_id, 'reopen') THEN
        refusal := 'channel_being_changed';
        RETURN;
    END IF;
    IF changes -> 'link_previews' = 'true' AND coalesce(changes ->> 'visibility', ch.visibility) = 'private'
        AND NOT messaging.owns_channel(ch.id, p_caller) THEN
        refusal := 'cannot_allow_previews';
        RETURN;
    END IF;
    IF changes ? 'retention_days' AND NOT messaging.owns_channel(ch.id, p_caller) THEN
        refusal := 'cannot_set_retention';
        RETURN;
    END IF;
    IF changes <> '{}' THEN
        SELECT l.refusal, l.details INTO refusal, document
        FROM messaging.limit_refusal(p_caller, p_channel_id, p_limits) l;
        IF refusal IS NOT NULL THEN
            RETURN;
        END IF;
        PERFORM messaging.note_picture(ch.id::text, ch.avatar_url, changes ->> 'avatar_url', p_caller, p_microdaos);
        intent := messaging.intend_update(p_channel_id, p_caller, changes);
    END IF;
    IF changes ? 'visibility' THEN
        -- It stays until the request has recorded what came of it, whatever the homeserver tells meanwhile.
        PERFORM messaging.set_intent(p_channel_id, 'visibility', 'channel', p_caller,
                                     jsonb_build_object('visibility', changes -> 'visibility', 'update', intent));
        alias := messaging.claim_alias(ch, changes ->> 'visibility');
        document := json_build_object('room_id', ch.matrix_room_id, 'changes', changes, 'intent', intent, 'alias_name', alias);
    ELSE
        document := json_build_object('room_id', ch.matrix_room_id, 'changes', changes, 'intent', intent);
    END IF;
END
$$;

-- p_has_alias: with a change of the visibility, that the room has the alias it was to have; NULL where nobody can say.
-- p_failed: the part behind p_changes that the room has not confirmed; what would have come after it was not asked for.
--
-- Of two changes at once the room has the later one, and only the homeserver knows which that is. What it has told since
-- this was asked for stays; what it has not told yet is still to come, and counts then. The note of a visibility stays where
-- another one came of it: the room may still be listed as what was asked for.
CREATE FUNCTION messaging.record_channel_change(
    p_channel_id uuid, p_caller text, p_changes jsonb, p_has_alias boolean DEFAULT NULL, p_failed text DEFAULT NULL,
    OUT refusal messaging.refusal, OUT document json
) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    intent messaging.intents;
    changes jsonb;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id FOR NO KEY UPDATE;
    IF ch.archived_at IS NOT NULL THEN
        refusal := 'channel_archived';
        RETURN;
    END IF;
    -- Without any change nothing has come of it yet. What has failed may still come.
    UPDATE messaging.intents SET
        details = CASE WHEN details ? p_failed THEN jsonb_build_object(p_failed, details -> p_failed) ELSE '{}' END,
        confirmed = ARRAY(SELECT field FROM unnest(confirmed) field WHERE field = p_failed)
    WHERE channel_id = p_channel_id AND act = 'update' AND target_id = (
        SELECT i.target_id FROM messaging.intents i WHERE i.channel_id = p_channel_id AND i.act = 'update'
            AND i.actor_id = p_caller AND i.details @> p_changes AND p_changes <> '{}' ORDER BY i.created_at DESC LIMIT 1)
    RETURNING * INTO intent;
    DELETE FROM messaging.intents WHERE channel_id = p_channel_id AND act = 'update' AND target_id = intent.target_id AND details = '{}';
    -- Without the intent the homeserver has told of all of it.
    changes := messaging.still_so(p_channel_id, p_changes, coalesce(intent.created_at, '-infinity'));
    PERFORM messaging.note_state_change(p_channel_id, messaging.state_type(key), coalesce(intent.created_at, now()))
    FROM jsonb_object_keys(changes) key WHERE messaging.state_type(key) IS NOT NULL;
    IF p_changes ->> 'visibility' = 'public' AND messaging.hides_from_strangers(p_channel_id) THEN
        changes := changes - 'visibility';
    END IF;
    IF p_changes ? 'visibility' AND (NOT p_has_alias OR coalesce(changes ->> 'visibility', ch.visibility) = 'private') THEN
        UPDATE public.channels SET alias_name = NULL WHERE id = p_channel_id;
    ELSIF changes ? 'visibility' AND p_has_alias THEN
        PERFORM messaging.claim_alias(ch, changes ->> 'visibility');
    END IF;
    document := messaging.change_channel(ch, p_caller, changes);
    DELETE FROM messaging.intents WHERE channel_id = p_channel_id AND act = 'visibility' AND target_id = 'channel'
        AND actor_id = p_caller AND details ->> 'visibility' = p_changes ->> 'visibility'
        AND details ->> 'visibility' = document ->> 'visibility';
END
$$;

-- Takes up a change of the visibility that was cut off, or that Matrix has crossed: nobody knows how far it got in the room. What is
-- under way from now on, until drop_intent, is what the channel has. actor_id: whose it was; NULL where there is nothing to take
-- up. To an open room nothing leads too much.
CREATE FUNCTION messaging.resume_visibility(p_channel_id uuid, OUT refusal messaging.refusal, OUT document json) LANGUAGE plpgsql AS $$
DECLARE
    ch public.channels;
    actor text;
BEGIN
    SELECT * INTO ch FROM public.channels WHERE id = p_channel_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        refusal := 'channel_not_found';
        RETURN;
    ELSIF ch.visibility = 'public' THEN
        DELETE FROM messaging.intents WHERE channel_id = p_channel_id AND act = 'visibility' AND target_id = 'channel'
            AND NOT messaging.is_under_way(created_at);
    ELSE
        UPDATE messaging.intents SET created_at = clock_timestamp(), details = jsonb_build_object('visibility', ch.visibility)
        WHERE channel_id = p_channel_id AND act = 'visibility' AND target_id = 'channel' AND NOT messaging.is_under_way(created_at)
        RETURNING actor_id INTO actor;
    END IF;
    document := json_build_object('actor_id', actor, 'visibility', ch.visibility);
END
$$;
