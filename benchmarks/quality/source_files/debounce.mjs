export function debounce(fn, wait = 200) {
  let timer = null;
  return function (...args) {
    clearTimeout(timer);
    timer = setTimeout(() => {
      fn.apply(this, args);
    }, wait);
  };
}

export async function fetchJson(url, { retries = 2, ...init } = {}) {
  for (let i = 0; i <= retries; i++) {
    const response = await fetch(url, init);
    if (response.ok) {
      return response.json();
    }
    if (response.status < 500 || i === retries) {
      throw new Error(`HTTP ${response.status}`);
    }
  }
}

export const groupBy = (list, key) =>
  list.reduce((groups, item) => {
    (groups[item[key]] ||= []).push(item);
    return groups;
  }, {});
