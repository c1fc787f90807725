%% rabbitmqctl eval_file restart-dead-lettering.erl, on each living node of a cluster of RabbitMQ 3.10 or 3.11 that has
%% lost one. There a worker of the broker's that brings retries back may have begun while their queue was still led, on
%% paper, by the dead node; it then refuses them until that node is back (rabbit_fifo_client asks it for its version).
%% Each that has something in hand begins anew, with all of it; at worst a retry comes twice, which the gateway knows.
%% One in six seconds, because their supervisor gives up at two in five. Prints the queues it was done for.
[begin exit(Worker, kill), timer:sleep(6000), Queue end
 || {_, Worker, _, _} <- supervisor:which_children(rabbit_fifo_dlx_sup),
    State <- [sys:get_state(Worker)],
    {resource, _, queue, Queue} <- [element(2, State)],
    map_size(element(8, State)) > 0].
