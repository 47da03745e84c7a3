-- The JSON documents of the API. One expression each, so that they are inlined.

CREATE FUNCTION messaging.rfc3339(p_time timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT to_char(p_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

CREATE FUNCTION messaging.channel_json(ch public.channels) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'id', ch.id, 'slug', ch.slug, 'name', ch.name, 'description', ch.description,
        'microdao_id', ch.microdao_id, 'matrix_room_id', ch.matrix_room_id, 'visibility', ch.visibility,
        'is_direct', ch.is_direct, 'is_encrypted', ch.is_encrypted, 'topic', ch.topic, 'avatar_url', ch.avatar_url,
        'created_by', ch.created_by, 'created_at', messaging.rfc3339(ch.created_at),
        'updated_at', messaging.rfc3339(ch.updated_at), 'archived_at', messaging.rfc3339(ch.archived_at),
        'link_previews', ch.link_previews, 'retention_days', ch.retention_days)
$$;

-- How many characters of a message the index keeps. Callers bring one more, so that it shows when there is more, and fill up
-- with U+FFFF behind the last character that people see whole.
CREATE FUNCTION messaging.preview(p_beginning text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN char_length(p_beginning) > 500 THEN rtrim(left(p_beginning, 500), chr(65535)) ELSE p_beginning END
$$;

CREATE FUNCTION messaging.is_truncated(p_beginning text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT char_length(p_beginning) > 500
$$;

-- A message with the name and picture of its sender. The fields are written twice, because adding client_key to a finished
-- document costs more than building it.
CREATE FUNCTION messaging.message_with_sender(m public.messages, p_name text, p_avatar_url text) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN m.client_key IS NULL THEN json_build_object(
        'id', m.id, 'channel_id', m.channel_id, 'seq', m.seq, 'matrix_event_id', m.matrix_event_id,
        'sender_id', m.sender_id, 'sender_type', m.sender_type, 'content_preview', m.content_preview,
        'is_encrypted', m.matrix_type = 'm.room.encrypted', 'truncated', m.is_truncated, 'content_type', m.content_type,
        'thread_id', m.thread_id, 'edited_at', messaging.rfc3339(m.edited_at),
        'deleted_at', messaging.rfc3339(m.deleted_at), 'created_at', messaging.rfc3339(m.created_at),
        'mentions', m.mentions,
        'poll_ended_at', messaging.rfc3339(m.poll_ended_at),
        'previews', coalesce(m.previews, '[]'),
        'sender_name', p_name, 'sender_avatar_url', p_avatar_url,
        'reply_to', m.reply_to,
        'file', CASE WHEN m.content_type IN ('image', 'file', 'audio', 'video', 'sticker') THEN messaging.file_json(m.id) END)
    ELSE json_build_object(
        'id', m.id, 'channel_id', m.channel_id, 'seq', m.seq, 'matrix_event_id', m.matrix_event_id,
        'sender_id', m.sender_id, 'sender_type', m.sender_type, 'content_preview', m.content_preview,
        'is_encrypted', m.matrix_type = 'm.room.encrypted', 'truncated', m.is_truncated, 'content_type', m.content_type,
        'thread_id', m.thread_id, 'edited_at', messaging.rfc3339(m.edited_at),
        'deleted_at', messaging.rfc3339(m.deleted_at), 'created_at', messaging.rfc3339(m.created_at),
        'client_key', m.client_key,
        'mentions', m.mentions,
        'poll_ended_at', messaging.rfc3339(m.poll_ended_at),
        'previews', coalesce(m.previews, '[]'),
        'sender_name', p_name, 'sender_avatar_url', p_avatar_url,
        'reply_to', m.reply_to,
        'file', CASE WHEN m.content_type IN ('image', 'file', 'audio', 'video', 'sticker') THEN messaging.file_json(m.id) END) END
$$;

-- A single message. What has many of them joins the profiles itself: an expression with a sub-select is not inlined.
CREATE FUNCTION messaging.message_json(m public.messages) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
    p messaging.profiles;
BEGIN
    SELECT * INTO p FROM messaging.profiles WHERE member_id = m.sender_id;
    RETURN messaging.message_with_sender(m, p.display_name, p.avatar_url);
END
$$;

-- A member with their name and picture, which somebody who was never in does not have: see messaging.is_known_to.
CREATE FUNCTION messaging.member_with_profile(m public.channel_members, p_name text, p_avatar_url text) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'id', m.id, 'channel_id', m.channel_id, 'member_id', m.member_id, 'member_type', m.member_type,
        'matrix_user_id', m.matrix_user_id, 'role', m.role, 'can_read', m.can_read, 'can_write', m.can_write,
        'can_invite', m.can_invite, 'can_kick', m.can_kick, 'can_create_tasks', m.can_create_tasks,
        'matrix_power_level', m.matrix_power_level, 'invited_by', m.invited_by,
        'invited_at', messaging.rfc3339(m.invited_at), 'joined_at', messaging.rfc3339(m.joined_at),
        'left_at', messaging.rfc3339(m.left_at), 'banned_at', messaging.rfc3339(m.banned_at),
        'display_name', CASE WHEN m.joined_at IS NOT NULL OR m.was_in THEN p_name END,
        'avatar_url', CASE WHEN m.joined_at IS NOT NULL OR m.was_in THEN p_avatar_url END)
$$;

-- A single member.
CREATE FUNCTION messaging.member_json(m public.channel_members) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
    p messaging.profiles;
BEGIN
    SELECT * INTO p FROM messaging.profiles WHERE member_id = m.member_id;
    RETURN messaging.member_with_profile(m, p.display_name, p.avatar_url);
END
$$;
