-- Reactions: list, add, remove, and what the homeserver says of them.

-- The same picture with and without a variation selector (U+FE0F) is one reaction to people, two to Matrix.
CREATE FUNCTION messaging.plain_emoji(p_emoji text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT replace(p_emoji, U&'\FE0F', '')
$$;

CREATE FUNCTION messaging.list_reactions(p_caller text, p_microdaos text[], p_channel uuid, p_message uuid) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    ch channels;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel;
    CASE messaging.access(ch, p_caller, p_microdaos)
        WHEN 'none' THEN RETURN messaging.refused('channel_not_found');
        WHEN 'knows' THEN RETURN messaging.refused('cannot_read');
        ELSE NULL;
    END CASE;
    IF NOT EXISTS (SELECT FROM messages WHERE id = p_message AND channel_id = p_channel) THEN
        RETURN messaging.refused('message_not_found');
    END IF;
    RETURN jsonb_build_object('reactions', (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'emoji', emoji, 'count', n, 'reacted', reacted, 'reactors', reactors) ORDER BY first, emoji), '[]')
        FROM (SELECT min(emoji) AS emoji, count(*) AS n, bool_or(reactor_id = p_caller) AS reacted, min(created_at) AS first,
                     to_jsonb((array_agg(reactor_id ORDER BY created_at, id))[1:100]) AS reactors
              FROM message_reactions WHERE message_id = p_message AND removed_at IS NULL
              GROUP BY messaging.plain_emoji(emoji)) grouped));
END
$$;

-- Before somebody reacts in Matrix: may they, must they join, have they reacted so already?
CREATE FUNCTION messaging.prepare_reaction(
    p_caller text, p_microdaos text[], p_channel uuid, p_message uuid, p_emoji text
) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    ch channels;
    m messages;
    writer record;
    mine message_reactions;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel;
    SELECT * INTO writer FROM messaging.writer(ch, p_caller, p_microdaos);
    IF writer.refusal IS NOT NULL THEN
        RETURN messaging.refused(writer.refusal);
    END IF;
    SELECT * INTO m FROM messages WHERE id = p_message AND channel_id = p_channel;
    IF NOT FOUND THEN
        RETURN messaging.refused('message_not_found');
    END IF;
    IF m.deleted_at IS NOT NULL THEN
        RETURN messaging.refused('message_deleted');
    END IF;
    SELECT * INTO mine FROM message_reactions WHERE message_id = p_message AND reactor_id = p_caller AND removed_at IS NULL
        AND messaging.plain_emoji(emoji) = messaging.plain_emoji(p_emoji);
    RETURN jsonb_build_object('room_id', coalesce(m.matrix_room_id, ch.matrix_room_id), 'event_id', m.matrix_event_id, 'join', writer.must_join,
        'reacted', mine.id IS NOT NULL,
        -- Each time that somebody reacts so anew is an act of its own.
        'last_event_id', (SELECT matrix_event_id FROM message_reactions
                          WHERE message_id = p_message AND reactor_id = p_caller AND emoji = p_emoji));
END
$$;

-- A reaction that is in Matrix.
CREATE FUNCTION messaging.record_reaction(
    p_room_id text, p_target_event_id text, p_event_id text, p_reactor text, p_reactor_type text, p_reactor_matrix_id text,
    p_emoji text, p_joined_at text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    ch channels;
    m messages;
    changed boolean;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = messaging.channel_of_room(p_room_id) FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN messaging.refused('channel_not_found');
    END IF;
    IF p_joined_at IS NOT NULL THEN
        PERFORM messaging.join_member(ch, p_reactor, p_reactor_type, p_reactor_matrix_id, p_joined_at::timestamptz);
    END IF;
    SELECT * INTO m FROM messages WHERE matrix_event_id = p_target_event_id AND channel_id = ch.id;
    IF NOT FOUND THEN
        PERFORM messaging.keep_early_relation(ch, p_target_event_id, p_event_id, 'reaction', jsonb_build_object(
            'reactor', p_reactor, 'reactor_type', p_reactor_type, 'reactor_matrix_id', p_reactor_matrix_id, 'emoji', p_emoji));
        RETURN messaging.refused('message_not_found');
    END IF;
    IF m.deleted_at IS NOT NULL OR ch.archived_at IS NOT NULL
        OR EXISTS (SELECT FROM messaging.early_redactions WHERE event_id = p_event_id)
        -- Removed already: a late copy of the event does not bring it back.
        OR EXISTS (SELECT FROM message_reactions WHERE matrix_event_id = p_event_id)
        OR EXISTS (SELECT FROM message_reactions WHERE message_id = m.id AND reactor_id = p_reactor AND removed_at IS NULL
                   AND emoji <> p_emoji AND messaging.plain_emoji(emoji) = messaging.plain_emoji(p_emoji)) THEN
        RETURN jsonb_build_object('changed', false);
    END IF;
    INSERT INTO message_reactions AS r (message_id, reactor_id, reactor_type, emoji, matrix_event_id)
    VALUES (m.id, p_reactor, p_reactor_type, p_emoji, p_event_id)
    ON CONFLICT (message_id, reactor_id, emoji) DO UPDATE SET
        matrix_event_id = excluded.matrix_event_id, created_at = now(), removed_at = NULL
        WHERE r.removed_at IS NOT NULL
    RETURNING true INTO changed;
    IF changed THEN
        PERFORM messaging.emit(ch, 'messaging.reaction.added', jsonb_build_object(
            'message_id', m.id, 'reactor_id', p_reactor, 'emoji', p_emoji));
    END IF;
    RETURN jsonb_build_object('changed', coalesce(changed, false));
END
$$;

-- Before a reaction is taken back in Matrix: the caller's own. None is fine: then there is nothing to do.
CREATE FUNCTION messaging.prepare_unreaction(
    p_caller text, p_microdaos text[], p_channel uuid, p_message uuid, p_emoji text
) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    ch channels;
    mine message_reactions;
BEGIN
    SELECT * INTO ch FROM channels WHERE id = p_channel;
    IF messaging.access(ch, p_caller, p_microdaos) = 'none' THEN
        RETURN messaging.refused('channel_not_found');
    END IF;
    IF NOT EXISTS (SELECT FROM messages WHERE id = p_message AND channel_id = p_channel) THEN
        RETURN messaging.refused('message_not_found');
    END IF;
    SELECT * INTO mine FROM message_reactions WHERE message_id = p_message AND reactor_id = p_caller AND removed_at IS NULL
        AND messaging.plain_emoji(emoji) = messaging.plain_emoji(p_emoji);
    IF mine.id IS NOT NULL AND ch.archived_at IS NOT NULL THEN
        RETURN messaging.refused('channel_archived');
    END IF;
    RETURN (SELECT jsonb_build_object('room_id', coalesce(m.matrix_room_id, ch.matrix_room_id), 'event_id', mine.matrix_event_id)
            FROM messages m WHERE m.id = p_message);
END
$$;

-- Marks the reaction that is the given Matrix event as removed; answers whether there is one.
-- The caller of this function holds the channel's row.
CREATE FUNCTION messaging.remove_reaction(ch channels, p_event_id text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    r message_reactions;
BEGIN
    SELECT x.* INTO r FROM message_reactions x JOIN messages m ON m.id = x.message_id
    WHERE x.matrix_event_id = p_event_id AND m.channel_id = ch.id;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF r.removed_at IS NULL THEN
        UPDATE message_reactions SET removed_at = now() WHERE id = r.id;
        -- The row may hold another event one day; a late copy of this one must not bring it back.
        INSERT INTO messaging.early_redactions (event_id, channel_id) VALUES (p_event_id, ch.id) ON CONFLICT DO NOTHING;
        PERFORM messaging.emit(ch, 'messaging.reaction.removed', jsonb_build_object(
            'message_id', r.message_id, 'reactor_id', r.reactor_id, 'emoji', r.emoji));
    END IF;
    RETURN true;
END
$$;
