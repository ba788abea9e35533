// A schema as a tree: each member with what it may be; those that have members open.
import { useState } from 'preact/hooks'
import { Icon } from '../../../parts/icon.tsx'
import css from './api-docs.module.css'
import { type Member, membersOf, type OpenApi, resolved, type Schema, typeWords } from './openapi.ts'

export interface SchemaTreeProps {
  readonly document: OpenApi
  readonly schema: Schema
  /** Of what is answered: that a member is required is nothing to see to. */
  readonly isAnswer?: boolean
}

export function SchemaTree({ document, schema, isAnswer = false }: SchemaTreeProps) {
  const members = membersOf(document, schema)
  if (members.length === 0)
    return <p class="supporting">{resolved(document, schema).description ?? typeWords(schema)}</p>
  return <Members document={document} members={members} isAnswer={isAnswer} />
}

interface MembersProps {
  readonly document: OpenApi
  readonly members: readonly Member[]
  readonly isAnswer: boolean
}

function Members({ document, members, isAnswer }: MembersProps) {
  return (
    <ul class={css.tree}>
      {members.map((member) => (
        <MemberRow key={member.name} document={document} member={member} isAnswer={isAnswer} />
      ))}
    </ul>
  )
}

interface MemberProps {
  readonly document: OpenApi
  readonly member: Member
  readonly isAnswer: boolean
}

function MemberRow({ document, member, isAnswer }: MemberProps) {
  const [isOpen, setOpen] = useState(false)
  const { name, schema, isRequired } = member
  const inner = membersOf(document, schema)
  const head = (
    <>
      <code>{name}</code>
      <span class={css.type}>{typeWords(schema)}</span>
      {isRequired && !isAnswer && <span class={css.required}>required</span>}
    </>
  )
  return (
    <li>
      {inner.length === 0 ? (
        <div class={css.member}>{head}</div>
      ) : (
        <button type="button" class={css.member} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <Icon name={isOpen ? 'down' : 'right'} size={12} />
          {head}
        </button>
      )}
      {(schema.description !== undefined || schema.default !== undefined || schema.allowed !== undefined) && (
        <p class={css.about}>
          {schema.description} {schema.allowed !== undefined && `Allowed: ${schema.allowed}. `}
          {schema.default !== undefined && (
            <>
              Default <code>{JSON.stringify(schema.default)}</code>.
            </>
          )}
        </p>
      )}
      {/* Only what is open is drawn: schemas may name themselves. */}
      {isOpen && <Members document={document} members={inner} isAnswer={isAnswer} />}
    </li>
  )
}
