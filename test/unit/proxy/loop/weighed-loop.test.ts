/** A loop with real descriptors: eventfds that are all ready when it begins. */
import { expect, it } from 'vitest';
import { EPOLLET, EPOLLIN, openEventfd, wake } from '../../../../src/os/epoll.ts';
import { closeFd } from '../../../../src/os/socket.ts';
import { WeighedLoop } from '../../../../src/proxy/loop/weighed-loop.ts';

interface Scene {
  readonly loop: WeighedLoop;
  readonly order: string[];
  readonly open: (name: string, nice: number, act?: () => void) => number;
}

/** Plays a scene to its end: `rounds` turns of descriptors and of work put off. */
function play(events: number, arrange: (scene: Scene) => void): string[] {
  const wakeFd = openEventfd();
  const fds: number[] = [];
  const order: string[] = [];
  const loop = new WeighedLoop(wakeFd, () => {});
  const note = (name: string) => {
    order.push(name);
    if (order.length === events) loop.stop();
  };
  const open = (name: string, nice: number, act?: () => void): number => {
    const fd = openEventfd();
    fds.push(fd);
    loop.watch(fd, EPOLLIN | EPOLLET, {
      onReady: () => {
        note(name);
        act?.();
      },
    });
    loop.weigh(fd, nice);
    wake(fd);
    return fd;
  };
  arrange({ loop, order, open });
  loop.run();
  for (const fd of [wakeFd, ...fds, loop.descriptor]) closeFd(fd);
  return order;
}

it('serves in the order of their nice what is ready at once', () => {
  const order = play(4, ({ open }) => {
    open('bulk', 1024);
    open('plain', 0);
    open('urgent', -1024);
    open('also plain', 0);
  });
  expect(order).toEqual(['urgent', 'plain', 'also plain', 'bulk']);
});

it('hands its nice on to what is watched and put off in its turn', () => {
  const order = play(6, ({ loop, order, open }) => {
    open('bulk', 1024, () => {
      const fd = openEventfd();
      loop.watch(fd, EPOLLIN | EPOLLET, {
        onReady: () => {
          order.push('child of bulk');
          loop.stop();
          closeFd(fd);
        },
      });
      wake(fd);
      loop.defer({ onTurn: () => order.push('work of bulk') });
      open('later', 0);
    });
    open('plain', 0);
  });
  // What is ready later passes both the connection and the work that are worth less.
  expect(order).toEqual(['plain', 'bulk', 'later', 'work of bulk', 'child of bulk']);
});

it('drops what waits of a descriptor that was closed and given out again', () => {
  const order = play(2, ({ loop, order, open }) => {
    const victim = open('victim', 5);
    open('killer', 0, () => {
      loop.unwatch(victim);
      loop.watch(victim, EPOLLET, { onReady: () => order.push('wrong') });
      open('last', 10);
    });
  });
  expect(order).toEqual(['killer', 'last']);
});
