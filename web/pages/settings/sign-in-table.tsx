// Sign-ins of browsers, one's own or all, and what ends them.
import type { ComponentChildren } from 'preact'
import { useRef } from 'preact/hooks'
import { ask } from '../../data/api.ts'
import type { AnswerOf } from '../../data/api.ts'
import { refreshHeld, useHeld } from '../../data/held.ts'
import { number } from '../../data/say.ts'
import { signOut } from '../../data/session.ts'
import { Button } from '../../parts/button.tsx'
import { Loading } from '../../parts/empty.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Tag } from '../../parts/status.tsx'
import { type Column, SecondLine, Table } from '../../parts/table.tsx'
import { Age, Time } from '../../parts/time.tsx'
import { agentWords } from './agent-words.ts'
import { Unread, useDoing, WhyNot } from './use-doing.tsx'

export type SignIn = AnswerOf<'GET /api/v1/sign-ins'>['items'][number]

export const ownSignIns =
  (name: string) =>
  ({ user }: SignIn): boolean =>
    user === name

export interface SignInTableProps {
  readonly title: string
  readonly isShown: (one: SignIn) => boolean
  /** Offers to end all but the one that asks. */
  readonly canEndOthers?: boolean
  readonly hasUsers?: boolean
  readonly filter?: string
  readonly end?: ComponentChildren
}

export function SignInTable(props: SignInTableProps) {
  const { title, isShown, canEndOthers = false, hasUsers = false, filter = '', end } = props
  const { value, problem } = useHeld('GET /api/v1/sign-ins', {}, { everyMs: 30_000, topics: ['auth'] }).value
  const doing = useDoing()
  const rows = value?.items.filter(isShown) ?? []
  const others = rows.filter(({ is_own: isOwn }) => !isOwn)
  // Those that are ended already stand there until the next look: a second press asks nothing.
  const { current: ended } = useRef(new Set<string>())
  const endAll = async (all: readonly SignIn[]): Promise<void> => {
    for (const { id } of all.filter((one) => !ended.has(one.id))) {
      ended.add(id)
      if ((await doing.run(() => ask('DELETE /api/v1/sign-ins/{sign_in}', { sign_in: id }))) !== null)
        continue
      ended.delete(id)
      break
    }
    refreshHeld((url) => url.includes('/sign-ins'))
  }
  const ending: Ending = { end: (one) => void endAll([one]), isEnded: ({ id }) => ended.has(id) }
  const all = columns(ending, hasUsers)
  return (
    <Panel
      isFlush
      title={title}
      count={value === null ? undefined : number(rows.length)}
      end={
        <>
          {end}
          {canEndOthers && others.length > 0 && (
            <Button size="sm" isBusy={doing.isBusy} onPress={() => void endAll(others)}>
              End the other {others.length === 1 ? 'one' : number(others.length)}
            </Button>
          )}
        </>
      }
    >
      <WhyNot doing={doing} />
      {value === null && problem !== null && <Unread problem={problem} />}
      {value === null ? (
        problem === null && <Loading lines={3} />
      ) : (
        <Table
          columns={hasUsers ? all : all.filter(({ key }) => key !== 'user')}
          rows={rows}
          keyOf={({ id }) => id}
          caption={title}
          filter={filter}
          rowHeight={48}
        />
      )}
    </Panel>
  )
}

interface Ending {
  readonly end: (one: SignIn) => void
  readonly isEnded: (one: SignIn) => boolean
}

const columns = ({ end, isEnded }: Ending, hasUsers: boolean): readonly Column<SignIn>[] => [
  {
    ...{ key: 'user', head: 'User', width: '20%' },
    ...{ sort: ({ user }) => user, text: ({ user, role }) => `${user} ${role}` },
    cell: ({ user, role }) => (
      <div>
        <span class="name cut">{user}</span>
        <SecondLine>{role}</SecondLine>
      </div>
    ),
  },
  {
    ...{ key: 'agent', head: 'Browser', onCard: hasUsers ? 'bare' : 'lead' },
    ...{ text: ({ agent, from }) => `${agentWords(agent)} ${from}` },
    cell: ({ agent, from, is_own: isOwn }) => (
      <div>
        <span class="row" title={agent}>
          {agentWords(agent)} {isOwn && <Tag>this one</Tag>}
        </span>
        <SecondLine isMono>{from}</SecondLine>
      </div>
    ),
    sort: ({ agent }) => agentWords(agent),
  },
  {
    ...{ key: 'seen', head: 'Last request', width: '120px', isNumber: true },
    sort: ({ last_seen_at: at }) => Date.parse(at),
    cell: ({ last_seen_at: at }) => (
      <span>
        <Age at={at} /> ago
      </span>
    ),
  },
  {
    ...{ key: 'since', head: 'Signed in', width: '120px', isNumber: true },
    sort: ({ created_at: at }) => Date.parse(at),
    cell: ({ created_at: at }) => <Time at={at} />,
  },
  {
    ...{ key: 'end', head: '', width: '80px', onCard: 'action', isNumber: true },
    cell: (one) =>
      one.is_own ? (
        <Button size="sm" onPress={() => void signOut()}>
          Sign out
        </Button>
      ) : (
        <Button
          size="sm"
          isBusy={isEnded(one)}
          onPress={() => end(one)}
          label={`End the sign-in of ${one.user} from ${one.from}`}
        >
          End
        </Button>
      ),
  },
]
