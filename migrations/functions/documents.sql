-- The JSON documents of the API. One expression each, so that they are inlined.
--
-- What lists have many of is put together as text: json_build_object looks up the type of every argument at every call, and a
-- text that becomes json is read once more. Every text in it that somebody else has chosen goes through to_json.

CREATE FUNCTION messaging.rfc3339(p_time timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT to_char(p_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

-- Values as JSON text; of NULL it is null.
CREATE FUNCTION messaging.json_time(p_time timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(to_char(p_time AT TIME ZONE 'UTC', '"\""YYYY-MM-DD"T"HH24:MI:SS.US"Z\""'), 'null')
$$;

CREATE FUNCTION messaging.json_string(p_text text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(to_json(p_text)::text, 'null')
$$;

CREATE FUNCTION messaging.json_uuid(p_id uuid) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce('"' || p_id::text || '"', 'null')
$$;

CREATE FUNCTION messaging.json_boolean(p_value boolean) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(p_value::text, 'null')
$$;

-- A channel, as text. p_more: further members, each behind a comma.
CREATE FUNCTION messaging.channel_text(ch public.channels, p_more text DEFAULT NULL) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT concat(
        '{"id":"', ch.id, '","slug":', to_json(ch.slug), ',"name":', to_json(ch.name),
        ',"description":', messaging.json_string(ch.description), ',"microdao_id":', to_json(ch.microdao_id),
        ',"matrix_room_id":', to_json(ch.matrix_room_id), ',"visibility":"', ch.visibility,
        '","is_direct":', ch.is_direct::text, ',"is_encrypted":', ch.is_encrypted::text,
        ',"topic":', messaging.json_string(ch.topic), ',"avatar_url":', messaging.json_string(ch.avatar_url),
        ',"created_by":', to_json(ch.created_by), ',"created_at":', messaging.json_time(ch.created_at),
        ',"updated_at":', messaging.json_time(ch.updated_at), ',"archived_at":', messaging.json_time(ch.archived_at),
        ',"link_previews":', messaging.json_boolean(ch.link_previews),
        ',"retention_days":', coalesce(ch.retention_days::text, 'null'), p_more, '}')
$$;

CREATE FUNCTION messaging.channel_json(ch public.channels) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT messaging.channel_text(ch)::json
$$;

-- How many characters of a message the index keeps. Callers bring one more, so that it shows when there is more, and fill up
-- with U+FFFF behind the last character that people see whole.
CREATE FUNCTION messaging.preview(p_beginning text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN char_length(p_beginning) > 500 THEN rtrim(left(p_beginning, 500), chr(65535)) ELSE p_beginning END
$$;

CREATE FUNCTION messaging.is_truncated(p_beginning text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT char_length(p_beginning) > 500
$$;

-- A message with the name and picture of its sender, as text. p_more: further members, each behind a comma.
CREATE FUNCTION messaging.message_text(m public.messages, p_name text, p_avatar_url text, p_more text DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT concat(
        '{"id":"', m.id, '","channel_id":"', m.channel_id, '","seq":', m.seq, ',"matrix_event_id":', to_json(m.matrix_event_id),
        ',"sender_id":', to_json(m.sender_id), ',"sender_type":"', m.sender_type,
        '","content_preview":', to_json(m.content_preview),
        ',"is_encrypted":', (m.matrix_type = 'm.room.encrypted')::text,
        ',"truncated":', m.is_truncated::text, ',"content_type":', to_json(m.content_type),
        ',"thread_id":', messaging.json_uuid(m.thread_id), ',"edited_at":', messaging.json_time(m.edited_at),
        ',"deleted_at":', messaging.json_time(m.deleted_at), ',"created_at":', messaging.json_time(m.created_at),
        ',"client_key":' || to_json(m.client_key)::text, ',"mentions":', to_json(m.mentions),
        ',"poll_ended_at":', messaging.json_time(m.poll_ended_at), ',"previews":', coalesce(m.previews::text, '[]'),
        ',"sender_name":', messaging.json_string(p_name), ',"sender_avatar_url":', messaging.json_string(p_avatar_url),
        ',"reply_to":', messaging.json_uuid(m.reply_to),
        ',"file":', CASE WHEN m.content_type IN ('image', 'file', 'audio', 'video', 'sticker')
            THEN coalesce(messaging.file_json(m.id)::text, 'null') ELSE 'null' END,
        p_more, '}')
$$;

-- A single message. What has many of them joins the profiles itself: an expression with a sub-select is not inlined.
CREATE FUNCTION messaging.message_json(m public.messages) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
    p messaging.profiles;
BEGIN
    SELECT * INTO p FROM messaging.profiles WHERE member_id = m.sender_id;
    RETURN messaging.message_text(m, p.display_name, p.avatar_url)::json;
END
$$;

-- A member with their name and picture, which somebody who was never in does not have (messaging.is_known_to), as text.
CREATE FUNCTION messaging.member_text(m public.channel_members, p_name text, p_avatar_url text) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT concat(
        '{"id":"', m.id, '","channel_id":"', m.channel_id, '","member_id":', to_json(m.member_id),
        ',"member_type":"', m.member_type, '","matrix_user_id":', to_json(m.matrix_user_id), ',"role":"', m.role,
        '","can_read":', m.can_read::text, ',"can_write":', m.can_write::text, ',"can_invite":', m.can_invite::text,
        ',"can_kick":', m.can_kick::text, ',"can_create_tasks":', m.can_create_tasks::text,
        ',"matrix_power_level":', m.matrix_power_level, ',"invited_by":', messaging.json_string(m.invited_by),
        ',"invited_at":', messaging.json_time(m.invited_at), ',"joined_at":', messaging.json_time(m.joined_at),
        ',"left_at":', messaging.json_time(m.left_at), ',"banned_at":', messaging.json_time(m.banned_at),
        ',"display_name":', CASE WHEN m.joined_at IS NOT NULL OR m.was_in THEN messaging.json_string(p_name) ELSE 'null' END,
        ',"avatar_url":', CASE WHEN m.joined_at IS NOT NULL OR m.was_in THEN messaging.json_string(p_avatar_url) ELSE 'null' END,
        '}')
$$;

-- A single member.
CREATE FUNCTION messaging.member_json(m public.channel_members) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE
    p messaging.profiles;
BEGIN
    SELECT * INTO p FROM messaging.profiles WHERE member_id = m.member_id;
    RETURN messaging.member_text(m, p.display_name, p.avatar_url)::json;
END
$$;
