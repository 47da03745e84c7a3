-- Which channel has which room alias. The index decides: two pairs of slug and microDAO can compose the same alias, and
-- only the one that is here has it, an archived channel too. alias_name is the local part, `<slug>-<microdao slug>`.

-- NULL: the channel is private or direct, or a room that is none of ours had the alias.
ALTER TABLE public.channels ADD COLUMN IF NOT EXISTS alias_name text;
ALTER TABLE messaging.channel_reservations ADD COLUMN IF NOT EXISTS alias_name text;

-- Where channels that are there already compose the same alias, the oldest has it. That is no change of what the rows
-- say, so no trigger of the platform's shall note one.
ALTER TABLE public.channels DISABLE TRIGGER USER;
UPDATE public.channels c SET alias_name = oldest.alias_name
FROM (SELECT DISTINCT ON (composed.alias_name) composed.alias_name, composed.id
      FROM (SELECT id, created_at, slug || '-' || regexp_replace(microdao_id, '^microdao:', '') AS alias_name
            FROM public.channels WHERE visibility <> 'private' AND NOT is_direct) composed
      ORDER BY composed.alias_name, composed.created_at, composed.id) oldest
WHERE oldest.id = c.id AND c.alias_name IS NULL;
ALTER TABLE public.channels ENABLE TRIGGER USER;

CREATE UNIQUE INDEX IF NOT EXISTS channels_alias_name ON public.channels (alias_name) WHERE alias_name IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS channel_reservations_alias_name ON messaging.channel_reservations (alias_name)
    WHERE alias_name IS NOT NULL;
