-- Indexes that hold exactly what a page or a rule asks for, so that it costs what it shows, however much is left out of it.

-- Messages without those that were deleted.
CREATE INDEX IF NOT EXISTS messages_channel_living ON public.messages (channel_id, seq) WHERE deleted_at IS NULL;
CREATE INDEX IF NOT EXISTS messages_thread_living ON public.messages (thread_id, seq)
    WHERE thread_id IS NOT NULL AND deleted_at IS NULL;

-- Channels by who may see them. They take the place of channels_listing and channels_microdao_listing, which stay: to drop
-- an index here, after others were made, would end in a deadlock with calls that are under way.
CREATE INDEX IF NOT EXISTS channels_by_visibility ON public.channels (visibility, created_at DESC, id DESC)
    WHERE archived_at IS NULL;
CREATE INDEX IF NOT EXISTS channels_of_microdao_by_visibility
    ON public.channels (microdao_id, visibility, created_at DESC, id DESC) WHERE archived_at IS NULL;

-- The reactions of a message by emoji, in the order in which they are shown; and one person's.
CREATE INDEX IF NOT EXISTS message_reactions_living ON public.message_reactions (message_id, emoji, created_at, id)
    WHERE removed_at IS NULL;
CREATE INDEX IF NOT EXISTS message_reactions_of_person ON public.message_reactions (message_id, reactor_id)
    WHERE removed_at IS NULL;

-- A deleted message's text is taken out of the log by the events that hold it. It takes the place of outbox_message,
-- which has the events of reactions too.
CREATE INDEX IF NOT EXISTS outbox_message_text ON public.outbox ((payload ->> 'message_id')) WHERE payload ? 'message';

-- Who has a level of their own in the room's power levels, which are one event of at most 64 KiB.
CREATE INDEX IF NOT EXISTS channel_members_levels
    ON public.channel_members (channel_id) INCLUDE (matrix_user_id, matrix_power_level) WHERE matrix_power_level <> 0;

-- The owners, of whom every change of power levels asks.
CREATE INDEX IF NOT EXISTS channel_members_owners ON public.channel_members (channel_id, id)
    WHERE role = 'owner' AND left_at IS NULL;

-- The members whose membership was followed last.
CREATE INDEX IF NOT EXISTS channel_members_followed
    ON public.channel_members (channel_id, matrix_changed_at DESC NULLS LAST, id) WHERE matrix_event_id IS NOT NULL;

-- What is set aside of a room, which a redaction looks through.
CREATE INDEX IF NOT EXISTS set_aside_events_room ON messaging.set_aside_events (room_id);

-- Deliveries whose last try was lost with its relay; a relay tries three times.
CREATE INDEX IF NOT EXISTS webhook_deliveries_tried ON messaging.webhook_deliveries (due_at) WHERE attempts >= 3;
