/* The environment's hook: a process that was started with ASHLAR_CTL=FOLDER answers who asks by
 * the socket FOLDER/ashlar.PID (ashlar-ctl does).  Only its own user, and root, may. */
#ifndef ASH_CTL_SERVER_H
#define ASH_CTL_SERVER_H

/* Begins where the environment says so.  May allocate: call without a lock. */
void ash_ctl_serve(void);

#endif
