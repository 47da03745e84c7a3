-- Next to nothing waits in the outbox nearly always, and that is what plans are to be made for. Statistics that were gathered while
-- much waited had the publisher look for it among all rows, in the order of their key, where its own index has it. Those that there
-- are stay for good, so they are made anew before.
ANALYZE public.outbox (published_at);
ALTER TABLE public.outbox ALTER COLUMN published_at SET STATISTICS 0;
