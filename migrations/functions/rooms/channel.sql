-- The channel that a room is or, before an upgrade, was.
CREATE FUNCTION messaging.channel_of_room(p_room_id text) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce((SELECT id FROM public.channels WHERE matrix_room_id = p_room_id),
                    (SELECT channel_id FROM messaging.former_rooms WHERE room_id = p_room_id));
END
$$;
