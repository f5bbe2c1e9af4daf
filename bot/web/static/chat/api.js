// Calls to the API. A failed one carries `status`; without a status there was no connection.
export async function call(method, path, { conversation, language, body, keepalive = false } = {}) {
  const headers = { "Accept-Language": language };
  if (body) headers["Content-Type"] = "application/json";
  if (conversation) headers.Authorization = `Bearer ${conversation.token}`;
  const answer = await fetch(`/api/v1${path}`, { method, headers, keepalive, body: body && JSON.stringify(body) });
  if (answer.status === 204) return null;
  const value = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(value?.detail ?? answer.statusText), { status: answer.status });
  return value;
}

export async function transcript(conversation) {
  const answer = await fetch(`/api/v1/conversations/${conversation.id}/transcript?format=txt`, {
    headers: { Authorization: `Bearer ${conversation.token}` },
  });
  if (!answer.ok) throw Object.assign(new Error(answer.statusText), { status: answer.status });
  return answer.blob();
}
