// A host on the TypeScript SDK: host.mjs SCENARIO PEER VERSION. Prints what the SDK delivers, one JSON object in a line.

import { text } from 'node:stream/consumers'

import { createSdkMcpServer, query, tool } from '@anthropic-ai/claude-agent-sdk'
import { z } from 'zod'

const [scenario, peer, version] = process.argv.slice(2)

const tell = (kind, fields) => console.log(JSON.stringify({ kind, ...fields }))

function told(message) {
  if (message.type === 'system' && message.subtype === 'init') {
    tell('init', { version: message.claude_code_version, model: message.model, servers: message.mcp_servers })
  } else if ((message.type === 'assistant' || message.type === 'user') && Array.isArray(message.message.content)) {
    for (const block of message.message.content) {
      if (block.type === 'text') {
        tell('text', { of: message.type, text: block.text })
      } else if (block.type === 'tool_use') {
        tell('tool_use', { id: block.id, name: block.name, input: block.input })
      } else if (block.type === 'tool_result') {
        tell('tool_result', { id: block.tool_use_id, content: block.content, is_error: !!block.is_error })
      }
    }
  } else if (message.type === 'result') {
    const { subtype, is_error, result, terminal_reason, permission_denials } = message
    tell('result', { subtype, is_error, text: result, reason: terminal_reason, denials: permission_denials })
  }
}

async function decide(name, input, { toolUseID }) {
  tell('asked', { name, input, id: toolUseID })
  return scenario === 'permission_denied'
    ? { behavior: 'deny', message: 'not today' }
    : { behavior: 'allow', updatedInput: { ...input, command: 'ls -l' } }
}

async function hook(input, id) {
  tell('hook', { input, id })
  return {}
}

const add = tool('add', 'Adds two numbers', { a: z.number(), b: z.number() }, async (input) => {
  tell('called', { name: 'add', input })
  return { content: [{ type: 'text', text: String(input.a + input.b) }] }
})

const more = {
  permission_allowed: { canUseTool: decide },
  permission_denied: { canUseTool: decide },
  hook: {
    hooks: {
      PreToolUse: [
        { matcher: 'Bash', hooks: [hook] },
        { matcher: 'Write', hooks: [hook] },
      ],
      PostToolUse: [{ hooks: [hook] }],
    },
  },
  mcp: {
    mcpServers: { calc: createSdkMcpServer({ name: 'calc', tools: [add] }) },
    allowedTools: ['mcp__calc__add'],
  },
  interrupt: { includePartialMessages: true },
}

const prompts = JSON.parse(await text(process.stdin))

/** The prompts, each when the result of the one before was delivered. */
const next = { deliver: undefined }
async function* conversation() {
  for (const content of prompts) {
    const over = new Promise((resolve) => (next.deliver = resolve))
    yield { type: 'user', message: { role: 'user', content }, parent_tool_use_id: null }
    await over
  }
}

const session = query({
  prompt: conversation(),
  options: { pathToClaudeCodeExecutable: peer, extraArgs: { generation: version }, ...more[scenario] },
})
let interrupts = scenario === 'interrupt'
await session.initializationResult()
tell('ready')
for await (const message of session) {
  told(message)
  if (interrupts && message.type === 'stream_event' && message.event.type === 'content_block_delta') {
    interrupts = false
    await session.interrupt()
    tell('interrupted')
  }
  if (message.type === 'result') {
    next.deliver()
  }
}
tell('closed')
