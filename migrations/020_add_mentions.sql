-- Who is meant by a message, in its row as well as in message_mentions: every page shows it.
ALTER TABLE public.messages ADD COLUMN IF NOT EXISTS mentions text[] NOT NULL DEFAULT '{}';

-- When the poll that a message is was ended.
ALTER TABLE public.messages ADD COLUMN IF NOT EXISTS poll_ended_at timestamptz;

-- From which level on somebody may mention everybody in the room: notifications.room of its power levels, and without it 50.
ALTER TABLE messaging.room_levels ADD COLUMN IF NOT EXISTS room_mention_level integer NOT NULL DEFAULT 50;
