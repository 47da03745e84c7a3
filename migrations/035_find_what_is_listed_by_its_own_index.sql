-- Everybody's rows in channels, also of those who were never in: what is exported and erased of a person. 037 drops what this
-- replaces.
CREATE INDEX IF NOT EXISTS channel_members_of_person ON public.channel_members (member_id, channel_id);
-- The agents of a channel, who are asked for with each message that an agent may see.
CREATE INDEX IF NOT EXISTS channel_members_agents ON public.channel_members (channel_id, member_id)
    WHERE member_type = 'agent' AND left_at IS NULL;
-- The audit log as it is exported. 037 drops what this replaces.
CREATE INDEX IF NOT EXISTS channel_events_exported ON public.channel_events (channel_id, id);
