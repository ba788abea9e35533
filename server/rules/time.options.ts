import { Type, type Static } from '@sinclair/typebox'
import { OneOrMore, Words } from '../lib/kinds.ts'
import { WEEKDAYS } from '../lib/weekdays.ts'

const TimeOfDay = (description: string) =>
  Type.String({
    pattern: '^(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$',
    allowed: 'a time of day, such as "08:00"; "24:00" is the end of the day',
    description,
  })

export const TimeOptions = Type.Object(
  {
    days: OneOrMore(
      Words(WEEKDAYS, {
        description: 'A day of the week.',
        said: {
          monday: 'write mon',
          tuesday: 'write tue',
          wednesday: 'write wed',
          thursday: 'write thu',
          friday: 'write fri',
          saturday: 'write sat',
          sunday: 'write sun',
        },
      }),
      'Days of the week. Left out: all.',
    ),
    from: Type.Optional(TimeOfDay('The first minute. Left out: the beginning of the day.')),
    to: Type.Optional(
      TimeOfDay(
        'The minute that it ends with, which is not in it. Left out: the end of the day. Before "from": on the next day, which belongs to the day on which it began.',
      ),
    ),
    zone: Type.Unsafe<string>({
      type: 'string',
      format: 'time-zone',
      default: 'UTC',
      description: 'Whose clock that is, such as "Europe/Berlin": with its summer time.',
    }),
  },
  {
    description: 'A part of the day or the week.',
    also: {
      day: 'days',
      weekdays: 'days',
      start: 'from',
      after: 'from',
      end: 'to',
      until: 'to',
      before: 'to',
      timezone: 'zone',
      tz: 'zone',
    },
    lacks: { date: 'days of the week only', dates: 'days of the week only', cron: 'write days, from and to' },
  },
)
export type TimeConfig = Static<typeof TimeOptions>
