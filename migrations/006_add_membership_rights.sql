-- How a membership came about, and who ended it: what rejoining and a lost claim are decided by.

-- The member came in through the microDAO (first post, PUT me, in a channel of visibility microdao), so the membership
-- counts only together with the claim. Of rows that are here already nobody has noted it. Every user of a closed channel
-- whom nobody has invited and who did not make it is taken to have come so: with the claim nothing changes for them.
ALTER TABLE public.channel_members ADD COLUMN IF NOT EXISTS via_microdao boolean;
UPDATE public.channel_members m SET via_microdao = m.member_id LIKE 'user:%' AND m.invited_by IS NULL
    AND m.member_id <> c.created_by AND NOT c.is_direct AND c.visibility <> 'public'
FROM public.channels c WHERE c.id = m.channel_id AND m.via_microdao IS NULL;
ALTER TABLE public.channel_members ALTER COLUMN via_microdao SET DEFAULT false;
ALTER TABLE public.channel_members ALTER COLUMN via_microdao SET NOT NULL;

-- Who ended the membership: the member, by leaving, or whoever removed them. NULL where the audit log does not tell.
ALTER TABLE public.channel_members ADD COLUMN IF NOT EXISTS left_by text;
UPDATE public.channel_members m SET left_by = (
    SELECT e.actor_id FROM public.channel_events e
    WHERE e.channel_id = m.channel_id AND e.target_id = m.member_id AND e.event_type IN ('member.left', 'member.kicked')
    ORDER BY e.created_at DESC LIMIT 1)
WHERE m.left_at IS NOT NULL AND m.left_by IS NULL;
