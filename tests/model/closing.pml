/* closing.pml - the closing handshake between a client and a server, over a TCP connection that may
 * be reset, be lost or fall silent. RFC 6455 §1.4, §5.5.1, §7.1.
 *
 * Each end may send messages, start its Close with one of three codes or with none, or fail the
 * connection, at any time. Time has no length here: a time-out may come at any time after its timer
 * was started. The rules are those of core/connection.cpp (answers, states) and net/session.cpp
 * (lingering, deadlines).
 *
 * Without a macro: messages are counted, so every run ends. ENDLESS: each end may send for ever.
 * TRACE: for random simulation, rare events come later, so that the runs differ.
 */

#ifndef MESSAGES
#define MESSAGES 2
#endif
#ifdef ENDLESS
#define COUNT(counter)
#else
#define COUNT(counter) counter++
#endif

#define CLIENT 0
#define SERVER 1
#define PEER(i) (1 - (i))
#define NAME(i) (67 + 16 * (i)) /* the letters C and S */

#define NO_CODE 0 /* an empty Close frame */
#define CAPACITY 6

mtype = { data, close, eof };
mtype = { open, closing, closed };

/* close_sent to shut are the facts of an end; the others are for the judgement at the end. */
typedef End {
  bool close_sent;
  bool close_received;
  bool failed;
  bool broken; /* the next read after the input that is there fails: a reset or a loss */
  bool shut;   /* has half-closed: the lingering close */
  bool over;
  short code = 1006; /* the code that it reports, RFC 6455 §7.1.5 */

  bool started;   /* its Close was no answer */
  bool gave_up;   /* it has failed the connection */
  bool cut;       /* a time-out has ended it before the peer's Close came */
  byte closes;    /* Close frames it has sent */
  short sent_code;
  byte sent;      /* messages */
};

End ends[2];
chan to[2] = [CAPACITY] of { mtype, short }; /* what is on its way to an end */
bool lost;                                   /* the connection, for both ends */
bool mute[2];                                /* nothing arrives at this end any more */

#define IS_OPEN(i) (!ends[i].close_sent && !ends[i].close_received && !ends[i].failed)
#define HAS_CLOSED(i) (ends[i].failed || (ends[i].close_sent && ends[i].close_received))
#define STATE(i) (HAS_CLOSED(i) -> closed : (IS_OPEN(i) -> open : closing))
#define BOTH_OVER (ends[CLIENT].over && ends[SERVER].over)
#define HAS_UNREAD(i) (len(to[i]) > 0 && !(to[i]?[eof, 0]))
/* A client leaves the closing of TCP to the server, unless it has failed the connection. §7.1.1 */
#define ENDS_STREAM(i) (HAS_CLOSED(i) && (ends[i].failed || i == SERVER))

#ifdef TRACE
byte turns;
#define TURN turns++
#define RARE(when) (turns >= when)
#define DUE(when) (turns >= when || timeout)
#else
#define TURN skip
#define RARE(when) true
#define DUE(when) true
#endif

inline drop_input(i) {
  do
  :: nempty(to[i]) -> to[i]?_, _
  :: empty(to[i]) -> break
  od
}

inline fall_silent(i) {
  printf("@net:mute=%c\n", NAME(i));
  mute[i] = true;
  drop_input(i)
}

inline reset(i) {
  if
  :: lost || mute[i] || ends[i].over -> skip
  :: else -> ends[i].broken = true
  fi
}

/* End `i` sends. A closed socket answers bytes, but not the end of the stream, with a reset. */
inline put(i, kind, number) {
  assert(!ends[i].over && !ends[i].shut);
  assert(ends[i].closes == 0 || kind == eof);
  if
  :: lost || mute[PEER(i)] -> skip
  :: else ->
     if
     :: !ends[PEER(i)].over -> to[PEER(i)]!kind, number
     :: ends[PEER(i)].over && kind != eof -> reset(i)
     :: else -> skip
     fi
  fi
}

inline put_close(i, number) {
  put(i, close, number);
  ends[i].closes++;
  assert(ends[i].closes == 1);
  ends[i].sent_code = number;
  ends[i].close_sent = true
}

/* Closes the socket. Input that was not read makes it a reset. */
inline finish(i) {
  printf("@%c:over=%d\n", NAME(i), ends[i].code);
  if
  :: HAS_UNREAD(i) -> reset(PEER(i))
  :: !HAS_UNREAD(i) && !ends[i].shut -> put(i, eof, 0)
  :: else -> skip
  fi;
  drop_input(i);
  ends[i].over = true
}

inline on_close(i, number) {
  ends[i].close_received = true;
  ends[i].code = (number == NO_CODE -> 1005 : number);
  if
  :: !ends[i].close_sent -> put_close(i, number)
  :: else -> skip
  fi
}

/* Reads one item. After the peer's Close and after a failure all but the end is discarded. */
inline take(i, kind, number) {
  to[i]?kind, number;
  if
  :: kind == data ->
     printf("@%c:take=data:%e\n", NAME(i), STATE(i))
  :: kind == close ->
     if
     :: !HAS_CLOSED(i) -> on_close(i, number)
     :: else -> skip
     fi;
     printf("@%c:take=%d:%e\n", NAME(i), number, STATE(i))
  :: kind == eof ->
     if
     :: !HAS_CLOSED(i) -> ends[i].failed = true
     :: else -> skip
     fi;
     printf("@%c:take=eof:%e\n", NAME(i), STATE(i));
     finish(i)
  fi
}

inline start_close(i, number) {
  if
  :: number = NO_CODE
  :: number = 1000
  :: i == CLIENT -> number = 1010
  :: i == SERVER -> number = 1001
  fi;
  ends[i].started = true;
  put_close(i, number);
  printf("@%c:close=%d:%e\n", NAME(i), number, STATE(i))
}

/* A breach of the protocol or a limit: §7.1.7. The peer's Close is not waited for. */
inline fail(i) {
  ends[i].failed = true;
  ends[i].gave_up = true;
  if
  :: !ends[i].close_sent ->
     ends[i].started = true;
     put_close(i, 1009)
  :: else -> skip
  fi;
  printf("@%c:fail:%e\n", NAME(i), STATE(i))
}

proctype Protocol(bit i) {
  mtype kind;
  short number;
  byte when;
#ifdef TRACE
  if :: when = 0 :: when = 8 :: when = 250 :: when = 250 :: when = 250 :: when = 250 fi;
#endif
end:
  do
  :: atomic { !ends[i].over && IS_OPEN(i) && ends[i].sent < MESSAGES && len(to[PEER(i)]) < CAPACITY - 2 ->
       put(i, data, 0);
       COUNT(ends[i].sent);
       printf("@%c:data:%e\n", NAME(i), STATE(i));
       TURN
     }
  :: atomic { !ends[i].over && IS_OPEN(i) ->
       start_close(i, number);
       number = 0;
       TURN
     }
  :: atomic { !ends[i].over && !HAS_CLOSED(i) && RARE(when) -> fail(i); TURN }
  :: atomic { !ends[i].over && nempty(to[i]) ->
       take(i, kind, number);
       kind = 0;
       number = 0;
       TURN
     }
  :: atomic { !ends[i].over && ENDS_STREAM(i) && !ends[i].shut ->
       printf("@%c:shut\n", NAME(i));
       put(i, eof, 0);
       ends[i].shut = true;
       TURN
     }
  :: atomic { !ends[i].over && ends[i].broken && nempty(to[i]) ->
       /* Systems differ in whether input that was not read survives a reset. */
       printf("@%c:lose\n", NAME(i));
       drop_input(i)
     }
  :: atomic { !ends[i].over && ends[i].broken && empty(to[i]) ->
       printf("@%c:gone\n", NAME(i));
       finish(i);
       TURN
     }
  od
}

/* The deadlines of an end, from its Close frame on: the peer's Close, the lingering close, and the
 * client's wait for the server's end of TCP. */
proctype Timer(bit i) {
  byte when;
#ifdef TRACE
  if :: when = 4 :: when = 16 :: when = 30 :: when = 30 fi;
#endif
end:
  if
  :: atomic { !ends[i].over && ends[i].close_sent && DUE(when) ->
       ends[i].cut = !ends[i].close_received;
       printf("@%c:time\n", NAME(i));
       finish(i)
     }
  fi
}

proctype Network() {
  byte when;
#ifdef TRACE
  if :: when = 2 :: when = 4 :: when = 8 :: when = 250 :: when = 250 :: when = 250 fi;
#endif
end:
  if
  :: atomic { !BOTH_OVER && DUE(when) ->
       printf("@net:lost\n");
       lost = true;
       ends[CLIENT].broken = true;
       ends[SERVER].broken = true
     }
  :: atomic { !BOTH_OVER && DUE(when) -> fall_silent(CLIENT) }
  :: atomic { !BOTH_OVER && DUE(when) -> fall_silent(SERVER) }
  :: atomic { !BOTH_OVER && DUE(when) -> fall_silent(CLIENT); fall_silent(SERVER) }
#ifndef TRACE
  :: true -> skip /* nothing happens: the others have to end without it */
#endif
  fi
}

/* The codes that an end may report: that of the peer's Close, 1005 if it had none, or 1006 if no
 * Close came, for which there has to be a reason. §7.1.5, §7.1.6 */
#define REPORTED(number) (number == NO_CODE -> 1005 : number)
#define MAY_HEAR_NOTHING(i) (lost || ends[CLIENT].cut || ends[SERVER].cut || ends[i].gave_up)
#define IS_LEGAL(i) (ends[i].code == 1006 -> MAY_HEAR_NOTHING(i) : \
                     ends[PEER(i)].closes == 1 && ends[i].code == REPORTED(ends[PEER(i)].sent_code))

init {
  atomic {
    run Protocol(CLIENT);
    run Protocol(SERVER);
    run Timer(CLIENT);
    run Timer(SERVER);
    run Network()
  }
  atomic {
    BOTH_OVER;
    assert(IS_LEGAL(CLIENT) && IS_LEGAL(SERVER));
    /* An answer has the code of the question, §5.5.1: codes differ only if both have started. */
    assert(ends[CLIENT].code == 1006 || ends[SERVER].code == 1006 ||
           ends[CLIENT].code == ends[SERVER].code ||
           (ends[CLIENT].started && ends[SERVER].started))
  }
}

#ifdef ENDLESS
/* An end that has sent a Close ends, however much its peer sends. */
ltl client_ends { [] (ends[CLIENT].close_sent -> <> ends[CLIENT].over) }
ltl server_ends { [] (ends[SERVER].close_sent -> <> ends[SERVER].over) }
#endif
