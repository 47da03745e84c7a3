-- Relays read from the log what happened to people's memberships, for sockets that might have missed it.
CREATE INDEX IF NOT EXISTS outbox_memberships
    ON public.outbox ((coalesce(payload ->> 'member_id', payload ->> 'created_by')), created_at)
    WHERE subject LIKE 'messaging.member.%' OR subject = 'messaging.channel.created';
